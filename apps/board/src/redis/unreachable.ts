import { valueWithin } from "@tac8/core/app/within";
import { REDIS_LIMIT_MS, type RedisProbe } from "./probe.ts";

/** Redis does not answer; pages say so with status 503. */
export class RedisUnreachable extends Error {
  override readonly name = "RedisAway";

  constructor(options?: ErrorOptions) {
    super("Redis does not respond", options);
  }
}

/**
 * Reads from Redis in bounded time.
 * @throws RedisAway when it does not answer, or not in time
 */
export async function readInTime<T extends object>(probe: RedisProbe, read: () => Promise<T>): Promise<T> {
  if (!(await probe())) throw new RedisUnreachable();
  const found = await valueWithin(read(), REDIS_LIMIT_MS, () => null);
  if (found === null) throw new RedisUnreachable();
  return found;
}
