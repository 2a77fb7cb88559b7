import { valueWithin } from "@tac8/core/app/within";
import type { Redis } from "ioredis";

/** Maximum time that a page waits for Redis before it reports that Redis is unreachable. */
export const REDIS_LIMIT_MS = 2000;

export type RedisProbe = () => Promise<boolean>;

/**
 * Return a function that checks within `REDIS_LIMIT_MS` whether Redis responds. If the client is not connected, the result is
 * false immediately. All callers share one ping, because a disconnected client keeps every command in memory.
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
