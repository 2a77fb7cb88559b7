import { rounded } from "@tac8/core/domain/formats";
import { OBEYED } from "@tac8/core/domain/plainText";

function withRounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? rounded(value) : value;
}

/** JSON that may be shown on a terminal, whoever wrote what is in it; numbers to 6 digits after the point. `indent` 0: on one line. */
export function jsonText(value: unknown, indent = 2): string {
  // `JSON.stringify` escapes control characters below space only.
  return JSON.stringify(value, withRounded, indent).replace(OBEYED, escaped);
}

/** By its UTF-16 units, as JSON has them. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}
