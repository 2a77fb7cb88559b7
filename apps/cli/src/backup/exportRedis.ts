import { messageOf } from "@tac8/core/domain/messageOf";
import { issueKey } from "@tac8/core/state/keys";
import { fieldsToRead, parseIssueState, type RecordPart } from "@tac8/core/state/issueState";
import type { Redis } from "ioredis";
import type { FileHandle } from "node:fs/promises";
import { Problem } from "../problems/problem.ts";
import { encodeDumpedKey } from "./dumpedKeys.ts";
import { outlivesProcesses, PATTERNS } from "./redisKeys.ts";

/** The facts by which a backup finds the files of an issue. */
export interface IssueFacts extends RecordPart<"run.id" | "agent.session" | "state"> {
  readonly jobId: string;
}

export interface RedisExport {
  readonly keys: number;
  readonly issues: readonly IssueFacts[];
  readonly redisVersion: string;
  /** Time for which writers of Redis were paused. */
  readonly pausedMs: number;
}

/** Number of keys per request. */
const BATCH = 100;
const FACTS = ["run.id", "agent.session", "state"] as const;
const FACT_FIELDS = fieldsToRead(FACTS);

/**
 * Write a consistent copy of every key of tac8 and of its queue to a file. Meanwhile, Redis pauses all writers (`CLIENT PAUSE`,
 * Redis 6.2) for at most `pauseMs`, which must be far below the duration of a job's lock. Writers wait and get no error. If this
 * process dies, the pause expires. Only one batch of keys is in memory.
 * @throws Problem if Redis does not support the pause, or was not read in time: then there is no backup
 */
export async function exportRedis(
  redis: Redis,
  { file, pauseMs, now }: { readonly file: FileHandle; readonly pauseMs: number; readonly now: () => number },
): Promise<RedisExport> {
  const redisVersion = /^redis_version:(\S+)/m.exec(await redis.info("server"))?.[1] ?? "unknown";
  const start = performance.now();
  try {
    await redis.client("PAUSE", pauseMs, "WRITE");
  } catch (error) {
    const why = `Redis cannot pause its writers (CLIENT PAUSE: ${messageOf(error)})`;
    throw new Problem(`${why}: tac8 backup needs Redis 6.2 or newer, and a user that may run this command`, {
      cause: error,
    });
  }
  try {
    const { keys, issues } = await writeAll(redis, { file, now });
    const pausedMs = performance.now() - start;
    // The pause began after `start`, so it is still in effect if less than `pauseMs` has passed since then.
    if (pausedMs >= pauseMs) throw tooSlow(pauseMs);
    return { keys, issues, redisVersion, pausedMs };
  } finally {
    await redis.client("UNPAUSE").catch(() => undefined); // The pause expires anyway.
  }
}

function tooSlow(pauseMs: number): Problem {
  const seconds = Math.round(pauseMs / 1000);
  return new Problem(
    `could not read Redis within ${seconds} s, the longest time that its writers may be paused: try again when this machine is less busy`,
  );
}

async function writeAll(
  redis: Redis,
  { file, now }: { readonly file: FileHandle; readonly now: () => number },
): Promise<{ readonly keys: number; readonly issues: readonly IssueFacts[] }> {
  const seen = new Set<string>();
  const issues: IssueFacts[] = [];
  for (const pattern of PATTERNS) {
    for await (const names of redis.scanStream({ match: pattern, count: BATCH })) {
      const fresh = [...new Set(names as string[])].filter((key) => !seen.has(key) && outlivesProcesses(key));
      for (const key of fresh) seen.add(key);
      const dumped = await Promise.all(fresh.map((key) => dumpKey(redis, key, now)));
      await file.write(Buffer.concat(dumped));
      const ofIssues = fresh.filter((key) => key.startsWith(issueKey("")));
      issues.push(...(await Promise.all(ofIssues.map((key) => factsOf(redis, key)))));
    }
  }
  return { keys: seen.size, issues };
}

async function dumpKey(redis: Redis, key: string, now: () => number): Promise<Buffer> {
  const [value, left] = await Promise.all([redis.dumpBuffer(key), redis.pttl(key)]);
  if (value === null) return Buffer.alloc(0); // It has just expired.
  return encodeDumpedKey({ key: Buffer.from(key), expiresAt: left < 0 ? null : now() + left, value });
}

async function factsOf(redis: Redis, key: string): Promise<IssueFacts> {
  const values = await redis.hmget(key, ...FACT_FIELDS);
  const hash = Object.fromEntries(FACT_FIELDS.map((name, index) => [name, values[index] ?? ""]));
  return { jobId: key.slice(issueKey("").length), ...parseIssueState(hash, FACTS) };
}
