export interface FloodOptions {
  /** Errors in one window that make it a flood. */
  readonly limit: number;
  readonly windowMs: number;
  /** So many such windows in a row: it lasts. */
  readonly windows: number;
  /** The clock, in milliseconds; any origin. */
  readonly now: () => number;
}

/** Counts errors. @returns a function to call at each, which is true once they have come in floods for long. */
export function countFlood({ limit, windowMs, windows, now }: FloodOptions): () => boolean {
  let window = -1;
  let count = 0;
  let full = 0;
  return () => {
    const current = Math.floor(now() / windowMs);
    if (current !== window) {
      full = count >= limit && current === window + 1 ? full + 1 : 0;
      window = current;
      count = 0;
    }
    count += 1;
    return full + (count >= limit ? 1 : 0) >= windows;
  };
}
