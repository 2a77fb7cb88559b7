import type { Redis } from "ioredis";
import { jobIdOf, repoKey } from "@tac8/core/domain/reference";
import { setHold } from "@tac8/core/state/holds";
import { REDIS_RESET_KEY } from "@tac8/core/state/keys";
import type { RepositorySnapshot } from "./plan.ts";

/** On top of the lock's time: for an agent to be killed. */
const KILL_MS = 30_000;

export interface RedisResetOptions {
  readonly redis: Redis;
  readonly snapshot: RepositorySnapshot;
  /** The label of an issue that an agent works on. */
  readonly workingLabel: string;
  readonly lockSeconds: number;
  /** Keys of repositories whose epoch this process has seen: what it remembers, Redis must know too. */
  readonly seen: Set<string>;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * From when on (epoch ms) issues may be added. Runners may still work on what an emptied Redis has forgotten: nothing is
 * added until they must have noticed. A Redis that is merely new makes nobody wait.
 */
export async function mayAddFrom(options: RedisResetOptions): Promise<number> {
  const { redis, snapshot, seen, lockSeconds, now } = options;
  const key = repoKey(snapshot);
  const known = await redis.hget(REDIS_RESET_KEY, key);
  if (known !== null) {
    seen.add(key);
    return Number(known);
  }
  const emptied = seen.has(key) || showsForgottenWork(options);
  const from = emptied ? now + lockSeconds * 1000 + KILL_MS : now;
  const first = await redis.hsetnx(REDIS_RESET_KEY, key, String(from));
  if (emptied && first === 1) {
    const reason = "Redis was emptied: runs that it no longer knows must end before new jobs start";
    await setHold(redis, { name: "redis-emptied", reason, by: "scheduler", since: now, until: from });
  }
  seen.add(key);
  return from;
}

/** GitHub says that an agent works on an issue that Redis has never heard of. */
function showsForgottenWork({ snapshot, workingLabel }: RedisResetOptions): boolean {
  const unknown = new Set(snapshot.jobs.filter((job) => job.state.state === null).map(({ jobId }) => jobId));
  return snapshot.labelled.some(
    ({ number, labels }) =>
      unknown.has(jobIdOf({ ...snapshot, number })) &&
      labels.some((label) => label.toLowerCase() === workingLabel.toLowerCase()),
  );
}
