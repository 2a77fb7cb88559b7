import { valueWithin } from "@tac8/core/app/within";
import { redisAddress } from "@tac8/core/config/redisUrl";
import { connectRedis } from "@tac8/core/queue/redis";
import { isRefused, redisErrorText, refusalAdvice, unusableRedis } from "@tac8/core/queue/redisErrors";
import { newerRedis } from "@tac8/core/state/dataFormat";
import type { Redis } from "ioredis";
import { MayPass, Problem } from "../problems/problem.ts";

const ANSWER_MS = 5000;

/** Run `use` with a connection, and close it. @throws Problem if Redis does not respond within 5 s, or has data of a newer version */
export async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>, advice: string): Promise<T> {
  let last: Error | null = null;
  const redis = connectRedis(url, {
    name: "cli",
    failFast: true,
    onError: (error) => {
      last = error;
    },
  });
  try {
    const ping = redis.ping().catch((error: Error) => error);
    const answer = await valueWithin(ping, ANSWER_MS, () => "late");
    if (answer !== "PONG") throw unreachable({ url, answer, last, advice });
    const newer = await newerRedis(redis);
    if (newer !== null) throw new Problem(`Redis at ${redisAddress(url)} ${newer}`);
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** Check the operator's Redis. @throws Problem if it does not respond within 5 s, or cannot be used */
export async function checkRedis(url: string): Promise<void> {
  const info = await withRedis(
    url,
    (redis) => redis.info(),
    "start it, or unset REDIS_URL so that tac8 up starts its own",
  );
  const unusable = unusableRedis(info);
  if (unusable !== null) throw new Problem(`Redis at ${redisAddress(url)}: ${unusable}`);
}

function unreachable(given: { url: string; answer: unknown; last: Error | null; advice: string }): Problem {
  const { url, answer, last, advice } = given;
  const refused = answer instanceof Error && isRefused(answer) ? answer : null;
  const where = `Redis at ${redisAddress(url)}`;
  if (refused !== null)
    return new Problem(`${where} refuses the connection (${refused.message}): ${refusalAdvice(refused.message)}`);
  const cause = last ?? (answer instanceof Error ? answer : undefined);
  const why = cause === undefined ? `no response within ${ANSWER_MS / 1000} s` : redisErrorText(cause);
  return new MayPass(`${where} is not reachable (${why}): ${advice}`, { cause });
}
