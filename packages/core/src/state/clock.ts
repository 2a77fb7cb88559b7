import type { Redis } from "ioredis";

/** Less than this is the time that asking takes. */
const SAME_MS = 1000;

/**
 * Return how far this machine's clock is ahead of Redis', in ms (negative: behind); 0: they agree. Times that machines compare
 * with each other's are in Redis by its clock.
 */
export async function aheadOfRedis(redis: Redis): Promise<number> {
  const before = Date.now();
  const [seconds, micros] = await redis.time();
  const ahead = (before + Date.now()) / 2 - (Number(seconds) * 1000 + Number(micros) / 1000);
  return Math.abs(ahead) < SAME_MS ? 0 : Math.round(ahead);
}
