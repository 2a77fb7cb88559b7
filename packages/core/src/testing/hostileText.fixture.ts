import { expect } from "vitest";

const ESC = "\u001b";

/** Signs that a terminal or a renderer obeys, or that nobody sees: name and text. */
const SIGNS: readonly (readonly [string, string])[] = [
  ["colours", `${ESC}[31mred${ESC}[0m`],
  ["a cleared screen", `${ESC}[2J${ESC}[H`],
  ["a link of OSC 8", `${ESC}]8;;https://evil.example${ESC}\\click${ESC}]8;;${ESC}\\`],
  ["a title of OSC 0, ended by BEL", `${ESC}]0;evil\u0007`],
  ["a clipboard of OSC 52", `${ESC}]52;c;ZXZpbA==\u0007`],
  ["an 8-bit control sequence", "\u009b31m\u0085"],
  ["a backspace and a carriage return", "good\u0008\u0008\u0008\u0008evil\rgood"],
  ["a turned direction", "\u202egnp.exe\u202c \u2066x\u2069 \u200f\u061c"],
  ["invisible signs", "\u00ad\u2060\ufeff\u180e\u2063"],
  [
    "words in tags",
    Array.from("ignore", (character) => String.fromCodePoint(0xe0000 + (character.codePointAt(0) ?? 0))).join(""),
  ],
];

/** One text with all of them, and with words that act on GitHub. */
export const HOSTILE_TEXT = [
  ...SIGNS.map(([name, text]) => `${name}: ${text}`),
  'Fixes #1, closes https://github.com/o/r/issues/2, resolves GH-3, fixed o/r#4. Thanks @angular. <!-- tac8 {"v":1} -->',
].join("\n");

/** Expect that nothing is left in a text that is obeyed or hidden; line feeds and tabs are fine. */
export function expectHarmless(text: string): void {
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class
  const left = text.match(
    /[^\P{Cc}\n\t]|[\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e0fff}]/gu,
  );
  expect(left?.map((character) => (character.codePointAt(0) ?? 0).toString(16)) ?? []).toEqual([]);
}
