/**
 * Return the time until the next round, in ms. All rounds start at multiples of their period, so that the process wakes once for
 * several of them. A timer may fire a little early, so the wait is at least half a period.
 * @param now ms of a monotonic clock
 */
export function untilNextRound(now: number, everyMs: number): number {
  return Math.ceil(now / everyMs + 0.5) * everyMs - now;
}
