import { rounded } from "@tac8/core/domain/formats";
import { OBEYED } from "@tac8/core/domain/plainText";

function withRounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? rounded(value) : value;
}

/** Return JSON that is safe to show on a terminal, with numbers rounded to 6 decimal places. `indent` 0: on one line. */
export function jsonText(value: unknown, indent = 2): string {
  // `JSON.stringify` only escapes control characters below U+0020.
  return JSON.stringify(value, withRounded, indent).replace(OBEYED, escaped);
}

/** Escape a character by its UTF-16 code units, as JSON requires. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
