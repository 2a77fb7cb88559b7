import type { Logger } from "pino";

export interface LogAtMostOptions {
  log: Pick<Logger, "debug" | "info" | "warn" | "error">;
  /** The shortest time between two lines, in milliseconds. */
  every: number;
  /** The clock, in milliseconds since any origin. */
  now: () => number;
}

export type ThrottledLog = (level: "debug" | "info" | "warn" | "error", fields: object, message: string) => void;

/**
 * Limit the rate of log lines: log the first one, then at most one per interval, with the number of omitted lines in `suppressed`. It is
 * for errors that occur very often: a client without its server logged 25,000 lines in 4 s.
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
