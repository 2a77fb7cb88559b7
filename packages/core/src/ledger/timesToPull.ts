import type { Counts } from "./count.ts";

const PREFIX = "pr|at|";
/** Number of significant digits of a counted time. It is small, so that a day has few fields. */
const DIGITS = 3;

/** Return the field of a day's counts that a pull request of this duration adds to. */
export function timeToPullField(ms: number): string {
  return `${PREFIX}${Number((ms / 1000).toPrecision(DIGITS))}`;
}

/**
 * Return the time in ms within which the given part (0 to 1) of a day's pull requests was opened, by the nearest rank. It is the value of
 * `tac8 report`, rounded to three digits. Null: there was no pull request.
 */
export function timeToPull(counts: Counts, part: number): number | null {
  const times = Object.entries(counts)
    .flatMap(([field, count]) =>
      field.startsWith(PREFIX) ? [[Number(field.slice(PREFIX.length)), count] as const] : [],
    )
    .toSorted(([a], [b]) => a - b);
  const wanted = Math.max(1, Math.ceil(part * times.reduce((sum, [, count]) => sum + count, 0)));
  let seen = 0;
  for (const [seconds, count] of times) {
    seen += count;
    if (seen >= wanted) return seconds * 1000;
  }
  return null;
}
