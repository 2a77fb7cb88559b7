const FIRST_MS = 1000;
const MOST_MS = 30_000;

/** What has run for so long has started well: an end after it counts as the first one. */
export const STEADY_MS = 60_000;

/** Wait before the next start of what ends `failures` times in a row before: 1, 2, 4 … 30 s. */
export function restartDelayMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(failures, 10), MOST_MS);
}
