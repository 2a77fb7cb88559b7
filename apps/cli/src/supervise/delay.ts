const FIRST_MS = 1000;
const MOST_MS = 30_000;

/** After this time, a start counts as successful, and a later end as the first one. */
export const STEADY_MS = 60_000;

/** Return the wait before the next start, after `failures` earlier consecutive ends: 1, 2, 4 … 30 s. */
export function restartDelayMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** Math.min(failures, 10), MOST_MS);
}
