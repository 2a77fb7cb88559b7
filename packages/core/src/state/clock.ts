import type { Redis } from "ioredis";

/** Clocks with a smaller difference count as equal: it may be the duration of the request. */
const SAME_MS = 1000;

/**
 * Return how far this machine's clock is ahead of Redis's clock, in ms (negative: behind); 0: they agree. Times that several machines
 * compare are stored in Redis by its clock.
 */
export async function clockOffset(redis: Redis): Promise<number> {
  const before = Date.now();
  const [seconds, micros] = await redis.time();
  const ahead = (before + Date.now()) / 2 - (Number(seconds) * 1000 + Number(micros) / 1000);
  return Math.abs(ahead) < SAME_MS ? 0 : Math.round(ahead);
}
