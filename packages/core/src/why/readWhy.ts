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
  /** What GitHub said, or why it was not asked. */
  readonly github: GitHubFacts;
}

/** Entries of the whole log that are checked for the issue's own: the newest, and those up to its last change of state. */
const NEWEST = 500;
const AROUND_CHANGE = 500;
/** Runners and Redis have clocks of their own. */
const CLOCKS_MS = 60_000;

/** One snapshot of everything that `explain` reads. What it costs does not grow with the queue nor with the log. */
export async function readWhy({ redis, queue, ref, now, settings, github }: WhySources): Promise<WhyFacts> {
  const jobId = jobIdOf(ref);
  const [issue, job, holds, paused, active, limit, breaker, runners, pauses, scheduler, addFrom] = await Promise.all([
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
    issue,
    job,
    holds: live.filter(({ name }) => !name.startsWith("repo:") || name === repositoryHold(ref)),
    queue: { paused, active, limit },
    breaker: parseBreaker(breaker),
    runners,
    pauses,
    scheduler,
    addFrom: addFrom === null ? null : Number(addFrom),
    events: await readOwnEvents(redis, { jobId, since: issue.since }),
    github,
    settings,
  };
}

/** The issue's newest events, and those of its last change of state however long ago that was; newest first. */
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
