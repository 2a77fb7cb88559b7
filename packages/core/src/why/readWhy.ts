import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { parseBreaker } from "../domain/breaker.ts";
import { planHolds, repositoryHold } from "../domain/holds.ts";
import { jobIdOf, repoKey, type IssueRef } from "../domain/reference.ts";
import type { LoggedEvent } from "../domain/events.ts";
import { readEvents } from "../state/events.ts";
import { readHolds } from "../state/holds.ts";
import { createIssueStore } from "../state/issueStore.ts";
import { BREAKER_KEY, REDIS_RESET_KEY } from "../state/keys.ts";
import { readPauses } from "../state/pause.ts";
import { readRunners, readScheduler } from "../state/presence.ts";
import type { GitHubFacts, WhyFacts, WhySettings } from "./facts.ts";
import { readJob } from "./job.ts";

export interface WhySources {
  /** Borrowed. */
  readonly redis: Redis;
  /** Borrowed. */
  readonly queue: Queue;
  readonly ref: IssueRef;
  /** Epoch ms. */
  readonly now: number;
  readonly settings: WhySettings;
  /** GitHub's responses, or why it was not asked. */
  readonly github: GitHubFacts;
}

/** Number of entries of the log that are searched for events of the issue: the newest ones, and those before its last change of state. */
const NEWEST = 500;
const AROUND_CHANGE = 500;
/** Allowed difference between the clocks of runners and Redis. */
const CLOCKS_MS = 60_000;

/** Read a snapshot of all facts for `explain`. The cost does not grow with the queue or the log. */
export async function readWhy({ redis, queue, ref, now, settings, github }: WhySources): Promise<WhyFacts> {
  const jobId = jobIdOf(ref);
  const [record, job, holds, paused, active, limit, breaker, runners, pauses, scheduler, addFrom] = await Promise.all([
    createIssueStore(redis).read(jobId),
    readJob(redis, queue, jobId),
    readHolds(redis),
    queue.isPaused(),
    queue.getActiveCount(),
    queue.getGlobalConcurrency(),
    redis.get(BREAKER_KEY),
    readRunners(redis),
    readPauses(redis),
    readScheduler(redis),
    redis.hget(REDIS_RESET_KEY, repoKey(ref)),
  ]);
  const { live } = planHolds(holds, now);
  return {
    now,
    ref,
    record,
    job,
    holds: live.filter(({ name }) => !name.startsWith("repo:") || name === repositoryHold(ref)),
    queue: { paused, active, limit },
    breaker: parseBreaker(breaker),
    runners,
    pauses,
    scheduler,
    addFrom: addFrom === null ? null : Number(addFrom),
    events: await readOwnEvents(redis, { jobId, since: record.since }),
    github,
    settings,
  };
}

/** Return the newest events of the issue, and those around its last change of state, however old; newest first. */
async function readOwnEvents(
  redis: Redis,
  { jobId, since }: { readonly jobId: string; readonly since: string | null },
): Promise<LoggedEvent[]> {
  const newest = await readEvents(redis, { count: NEWEST });
  const changed = Date.parse(since ?? "");
  const oldest = newest[0];
  const reached = Number.isNaN(changed) || oldest === undefined || Date.parse(oldest.at) < changed - CLOCKS_MS;
  const before = `${changed + CLOCKS_MS}-0`;
  const older = reached ? [] : await readEvents(redis, { count: AROUND_CHANGE, before });
  const all = new Map([...older, ...newest].map((event) => [event.id, event]));
  return [...all.values()].filter(({ issue }) => issue === jobId).toReversed();
}
