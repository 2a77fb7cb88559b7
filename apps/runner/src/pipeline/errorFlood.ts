export interface FloodOptions {
  /** Number of errors in one window that count as a flood. */
  readonly limit: number;
  readonly windowMs: number;
  /** Number of consecutive windows with a flood after which the function returns true. */
  readonly consecutiveWindows: number;
  /** Clock in milliseconds, with any origin. */
  readonly now: () => number;
}

/**
 * Detect a flood of errors.
 * @returns a function to call at each error, which returns true when the flood has lasted for `consecutiveWindows` windows
 */
export function detectErrorFlood({ limit, windowMs, consecutiveWindows, now }: FloodOptions): () => boolean {
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
    return full + (count >= limit ? 1 : 0) >= consecutiveWindows;
  };
}
