/** What `JSON.stringify` leaves as it is, and a terminal may obey: DEL, the control codes above it, and what turns text around. */
const OBEYED = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Sums of money and shares have digits that nobody meant. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toFixed(6)) : value;
}

/** JSON that may be shown on a terminal, whoever wrote what is in it; numbers to 6 digits after the point. `indent` 0: on one line. */
export function jsonText(value: unknown, indent = 2): string {
  return JSON.stringify(value, rounded, indent).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
