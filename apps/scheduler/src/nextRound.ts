/**
 * Return how long to wait until a round begins again, in ms. All rounds begin on one grid, so that the process wakes once
 * for several of them. A timer may fire a little early: the grid's next point is one that is at least half a period away.
 * @param now ms of a clock that only continues
 */
export function untilNextRound(now: number, everyMs: number): number {
  return Math.ceil(now / everyMs + 0.5) * everyMs - now;
}
