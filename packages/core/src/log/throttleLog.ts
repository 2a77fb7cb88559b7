import type { Logger } from "pino";

export interface LogAtMostOptions {
  log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  /** The shortest time between two lines, in milliseconds. */
  every: number;
  /** The clock, in milliseconds; any origin. */
  now: () => number;
}

export type ThrottledLog = (level: "debug" | "info" | "warn" | "error", fields: object, message: string) => void;

/**
 * For errors that come in floods (a client without its server gave 25,000 in 4 s): logs the first line, then at most
 * one per interval, which says in `suppressed` how many were left out since the one before.
 */
export function logAtMost({ log, every, now }: LogAtMostOptions): ThrottledLog {
  let last: number | null = null;
  let suppressed = 0;
  return (level, fields, message) => {
    const at = now();
    if (last !== null && at - last < every) {
      suppressed += 1;
      return;
    }
    log[level](suppressed > 0 ? { ...fields, suppressed } : fields, message);
    last = at;
    suppressed = 0;
  };
}
