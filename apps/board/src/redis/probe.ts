import { valueWithin } from "@tac8/core/app/within";
import type { Redis } from "ioredis";

/** How long a page waits for Redis before it says that Redis is unreachable. */
export const REDIS_LIMIT_MS = 2000;

export type RedisProbe = () => Promise<boolean>;

/**
 * Tells within `REDIS_LIMIT_MS` whether Redis answers. A client that is not connected counts as away at once, and at
 * most one ping is under way however many ask: a client without its server keeps every command in memory.
 */
export function createRedisProbe(redis: Redis): RedisProbe {
  let ping: Promise<boolean> | null = null;
  return async () => {
    if (redis.status !== "ready") return false;
    ping ??= redis
      .ping()
      .then(
        () => true,
        () => false,
      )
      .finally(() => {
        ping = null;
      });
    return valueWithin(ping, REDIS_LIMIT_MS, () => false);
  };
}
