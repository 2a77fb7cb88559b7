/** npm forwards SIGINT and SIGTERM to a process that also gets them from the terminal. Within this time, both are one request. */
export const SAME_SIGNAL_MS = 300;

/** Return a function that checks whether the same signal arrived less than `sameMs` ago; `now` in ms. */
export function createRepeats(sameMs: number): (signal: string, now: number) => boolean {
  const last = new Map<string, number>();
  return (signal, now) => {
    const before = last.get(signal) ?? -Infinity;
    last.set(signal, now);
    return now - before < sameMs;
  };
}
