import { valueWithin } from "@tac8/core/app/within";
import { REDIS_LIMIT_MS, type RedisProbe } from "./probe.ts";

/** Redis does not respond. Pages answer with status 503. */
export class RedisUnreachable extends Error {
  override readonly name = "RedisUnreachable";

  constructor(options?: ErrorOptions) {
    super("Redis does not respond", options);
  }
}

/**
 * Read from Redis in bounded time.
 * @throws RedisUnreachable if Redis does not respond in time
 */
export async function readInTime<T extends object>(probe: RedisProbe, read: () => Promise<T>): Promise<T> {
  if (!(await probe())) throw new RedisUnreachable();
  const found = await valueWithin(read(), REDIS_LIMIT_MS, () => null);
  if (found === null) throw new RedisUnreachable();
  return found;
}
