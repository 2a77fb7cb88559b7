import type { Redis } from "ioredis";
import { jobIdOf, repoKey } from "@tac8/core/domain/reference";
import { setHold } from "@tac8/core/state/holds";
import { REDIS_RESET_KEY } from "@tac8/core/state/keys";
import { EVENT_SOURCE } from "./eventSource.ts";
import type { RepositorySnapshot } from "./plan.ts";

/** Added to the time of the lock: the time to kill an agent. */
const KILL_MS = 30_000;

export interface RedisResetOptions {
  readonly redis: Redis;
  readonly snapshot: RepositorySnapshot;
  /** The label of issues that an agent works on. */
  readonly workingLabel: string;
  readonly lockSeconds: number;
  /** Keys of repositories that this process has found in Redis. If Redis no longer has one of them, Redis was emptied. */
  readonly seenRepositories: Set<string>;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Return the time from which issues may be added, in epoch ms. After a Redis reset, runners may still work on issues that Redis
 * no longer has, so no issue is added until the locks of these runs have expired. With a new Redis, issues are added immediately.
 */
export async function earliestAddTime(options: RedisResetOptions): Promise<number> {
  const { redis, snapshot, seenRepositories, lockSeconds, now } = options;
  const key = repoKey(snapshot);
  const recordedTime = await redis.hget(REDIS_RESET_KEY, key);
  if (recordedTime !== null) {
    seenRepositories.add(key);
    return Number(recordedTime);
  }
  const emptied = seenRepositories.has(key) || showsForgottenWork(options);
  const from = emptied ? now + lockSeconds * 1000 + KILL_MS : now;
  const first = await redis.hsetnx(REDIS_RESET_KEY, key, String(from));
  if (emptied && first === 1) {
    const reason = "Redis was emptied: runs that it no longer knows must end before new jobs start";
    await setHold(redis, { name: "redis-emptied", reason, by: EVENT_SOURCE, since: now, until: from });
  }
  seenRepositories.add(key);
  return from;
}

/** Whether GitHub shows an issue as being worked on that has no record in Redis. */
function showsForgottenWork({ snapshot, workingLabel }: RedisResetOptions): boolean {
  const unknown = new Set(snapshot.jobs.filter((job) => job.record.state === null).map(({ jobId }) => jobId));
  return snapshot.labelled.some(
    ({ number, labels }) =>
      unknown.has(jobIdOf({ ...snapshot, number })) &&
      labels.some((label) => label.toLowerCase() === workingLabel.toLowerCase()),
  );
}
