import { describe, expect, it } from "vitest";
import { defuse, defusePlain } from "./defuse.ts";

const B = "\u200b";

/** What a text does on GitHub, found in another way than by the code under test: line by line, with every mark taken off. */
function acts(text: string): string[] {
  let fence = "";
  const lines = text.split("\n").map((line) => {
    const mark = /^[ >]*(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    if (fence === "" && mark !== "") fence = mark;
    else if (mark.startsWith(fence) && fence !== "") fence = "";
    return fence === "" && mark === "" ? line : "";
  });
  const shown = lines
    .join("\n")
    .replaceAll(/(`+)[^`\n]+\1(?!`)/g, "`")
    .replaceAll(/&#(\d+);?/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/[*_~>\\]/g, "");
  return [
    ...shown.matchAll(/\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w./:-]*#|GH-|https?:\S+\/)\d+/gi),
    ...shown.matchAll(/(?<![\w`])@[a-z\d]/gi),
  ].map(([words]) => words);
}

/** What is made of it. */
const CASES: readonly (readonly [text: string, made: string])[] = [
  ["It no longer resolves #1 wrongly. Thanks @angular", "It no longer `resolves` #1 wrongly. Thanks `@angular`"],
  ["Fixes #1", "`Fixes` #1"],
  ["closes: #1", "`closes`: #1"],
  ["CLOSED octo/widgets#1", "`CLOSED` octo/widgets#1"],
  ["fix GH-1", "`fix` GH-1"],
  ["Resolved https://github.com/octo/widgets/issues/1", "`Resolved` https://github.com/octo/widgets/issues/1"],
  ["fixes https://ghe.example/octo/widgets/pull/12#x", "`fixes` https://ghe.example/octo/widgets/pull/12#x"],
  ["fixes #1, #2 and closes #3", "`fixes` #1, #2 and `closes` #3"],
  ["**Fixes** #1", "**`Fixes`** #1"],
  ["_fixes_: **#1**", "_`fixes`_: **#1**"],
  ["Fixes\n#1", "`Fixes`\n#1"],
  ["> fixes\n> #1", "> `fixes`\n> #1"],
  ["Fixes:\n- #1\n- #2", "`Fixes`:\n- #1\n- #2"],
  ["fixes [the bug](https://github.com/o/r/issues/1)", "`fixes` [the bug](https://github.com/o/r/issues/1)"],
  ["fixes [#1](x)", "`fixes` [#1](x)"],
  ["Thanks @octo/team, and @octo-cat's friends", "Thanks `@octo/team`, and `@octo-cat`'s friends"],
  ["npm i @angular/core@20.1.0.", "npm i `@angular/core@20.1.0`."],
  ["(@a, @b)", "(`@a`, `@b`)"],
  ["é@octo", "é`@octo`"],
  ["| @a | fixes #1 |", "| `@a` | `fixes` #1 |"],
  ["<!-- tac8 {} --> x", "&lt;!-- tac8 {} --> x"],
  ["&#64;octo &#x40;octo &commat;octo", "&amp;#64;octo &amp;#x40;octo &amp;commat;octo"],
  ["&#102;ixes #1", "&amp;#102;ixes #1"],
  ["fixes&#32;#1 and closes&nbsp;#2", "`fixes`&#32;#1 and `closes`&nbsp;#2"],
  // A backslash would take the backtick's place, and so would another backtick.
  ["\\@octo", `\\@${B}octo`],
  ["`x`@octo", `\`x\`@${B}octo`],
  ["fixes \\#1", "`fixes` \\#1"],
  // Whether this is code depends on the rest of the block.
  ["a ` b @octo", `a \` b @${B}octo`],
  ["`one\n@octo` fixes #1", `\`one\n@${B}octo\` f${B}ixes #1`],
  ["<details>\n@octo fixes #1 <!-- x", `<details>\n@${B}octo f${B}ixes #1 <${B}!-- x`],
  ["<div>\n`@octo`\n</div>\n\n`@octo`", `<div>\n\`@${B}octo\`\n</div>\n\n\`@octo\``],
  ["<style>\n\n`@octo`", `<style>\n\n\`@${B}octo\``],
  ["| `a | @b` |", `| \`a | @${B}b\` |`],
  ["[^1]: note\n\n    @octo", "[^1]: note\n\n    `@octo`"],
  ["- item\n\n    @octo", "- item\n\n    `@octo`"],
  ["> ```\n> @Input()\n@octo", "> ```\n> @Input()\n`@octo`"],
  ["* * *\n  ```\n@a\n```\n@octo", "* * *\n  ```\n@a\n```\n`@octo`"],
  ["<details>\n```\n@a", `<details>\n\`\`\`\n@${B}a`],
  ["_x_@octo a@b.cd@octo", "_x_`@octo` `a@b.cd@octo`"],
  ["<p>\nhttps://x.example/@octo", `<p>\nhttps://x.example/@${B}octo`],
  ["closes: &#35;1", "`closes`: &amp;#35;1"],
  ["- ```\n  @a\n@octo", `- \`\`\`\n  @${B}a\n@${B}octo`],
];

/** Nothing in these acts. */
const HARMLESS: readonly string[] = [
  "",
  "Nothing to see, #1 is a link, and so is octo/widgets#2.",
  "Write to ann@example.com or José.Ñ@example.co.uk, clone git@github.com:o/r.git",
  "See https://medium.com/@octo/post and [@octo](https://example.com/@octo).",
  "prefix #1, hotfix #2, fixing #3, disclosed #4",
  "It fixes the bug of #1. Resolved: see #2.",
  "Use `@Input()` and `fixes #1`, ``a ` @b``.",
  "```ts\n@Component({})\nclass A {} // fixes #1 <!-- x -->\n```",
  "~~~\n@a\n```\n@b\n~~~",
  "````\n```\n@a\n```\n````",
  "See:\n\n    @decorator\n    def f(): pass  # fixes #1\n",
  "- one\n  ```py\n  @decorator\n\n  def f(): ...\n  ```\n- two",
  "> quoted\n>\n> ```\n> @a fixes #1\n> ```\n",
  "<b>bold</b> and Map<String, X> and a < b",
  "&amp; &lt;tag&gt; &#39;quoted&#39;",
  "emoji 👩‍👩‍👧‍👦 é שלום",
];

describe("Markdown from outside", () => {
  it.each(CASES)("%j", (text, made) => {
    expect(defuse(text)).toBe(made);
    expect(acts(made)).toEqual([]);
    expect(defuse(made)).toBe(made);
  });

  it.each(HARMLESS)("stays as it is: %j", (text) => {
    expect(defuse(text)).toBe(text);
  });

  it("the check of this test recognizes what acts", () => {
    const texts = CASES.map(([text]) => text).filter(
      (text) => /^[\w(*>é]/.test(text) && !/^(?:\* \* \*|_x_)/.test(text),
    );
    expect(texts.filter((text) => acts(text).length === 0 && !/\[|&|`|Fixes:\n/.test(text))).toEqual([]);
  });

  it("loses control characters, terminal codes, turns of direction and half characters, and keeps lines", () => {
    const odd =
      "a\u0000b\u0007\u001b[31mred\u001b[0m\u001b]0;title\u0007 \u202Eevil\u202C\u2066x\u2069\u0085 \ud800 c\r\nd\re\u2028f\tg";
    expect(defuse(odd)).toBe("abred evilx \ufffd c\nd\ne\nf\tg");
  });

  it.each([
    ["```\ncode", "```\ncode\n```"],
    ["~~~~ts\ncode\n~~~", "~~~~ts\ncode\n~~~\n~~~~"],
    ["text\n\n```\n", "text\n\n```\n```"],
  ])("a fence that is open at the end is closed: %j", (text, made) => {
    expect(defuse(text)).toBe(made);
    expect(defuse(made)).toBe(made);
  });

  it("is cut on whole characters, with its fence closed, and never through what makes it harmless", () => {
    const texts = [
      `\`\`\`\n${"x".repeat(500)}`,
      "@octo ".repeat(100),
      "😀".repeat(300),
      "see `@octo` ".repeat(60),
      "fixes #1 ".repeat(80),
      "<!--".repeat(200),
    ];
    for (const text of texts) {
      for (const max of [60, 61, 62, 63, 97, 150]) {
        const made = defuse(text, max);
        expect(made.length).toBeLessThanOrEqual(max);
        expect(made.isWellFormed()).toBe(true);
        expect(acts(made)).toEqual([]);
        expect(made).toContain("[…cut]");
        expect(made.split("```").length % 2).toBe(1);
      }
    }
  });

  it.each([
    ["letters", "x".repeat(60_000)],
    ["brackets", "[".repeat(60_000)],
    ["mentions", "@a.".repeat(20_000)],
    ["keywords", `fix${" ".repeat(57)}`.repeat(1000)],
    ["tags", "<a b ".repeat(12_000)],
    ["backticks", "`a``b```c".repeat(6000)],
    ["marks", "- > ".repeat(15_000)],
    ["lines", "\n>".repeat(30_000)],
    ["entities", "&#".repeat(30_000)],
  ])("60,000 characters of %s come to an end", (_, text) => {
    expect(acts(defuse(text, 60_000))).toEqual([]);
  });
});

describe("a title or a commit's message", () => {
  it.each([
    ["Fix #12: crash of @angular/core", `F${B}ix #12: crash of @${B}angular/core`],
    ["`@Input` fixes: octo/widgets#1", `\`@${B}Input\` f${B}ixes: octo/widgets#1`],
    ["Mail of ann@example.com, https://x.example/@y", "Mail of ann@example.com, https://x.example/@y"],
    ["Work on #471 that was not committed yet", "Work on #471 that was not committed yet"],
    ["one\ntwo", "one\ntwo"],
  ])("%j", (text, made) => {
    expect(defusePlain(text)).toBe(made);
    expect(defusePlain(made)).toBe(made);
  });

  it("is cut on whole characters", () => {
    for (const shift of [0, 1]) {
      const made = defusePlain("a".repeat(shift) + "😀".repeat(300), 256);
      expect(made.length).toBeLessThanOrEqual(256);
      expect(made.isWellFormed()).toBe(true);
    }
  });
});
