import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { parseBreaker } from "@tac8/core/domain/breaker";
import { planHolds } from "@tac8/core/domain/holds";
import { countersOf, runsOnOf } from "@tac8/core/domain/placement";
import type { Issue } from "@tac8/core/github/types";
import { presentRunners } from "@tac8/core/status/snapshot";
import { readHolds } from "@tac8/core/state/holds";
import { BREAKER_KEY } from "@tac8/core/state/keys";
import { readRunners, type RunnerPresence } from "@tac8/core/state/presence";

/** All borrowed. */
export interface IdleServices {
  readonly config: Pick<Config, "limits">;
  readonly redis: Redis;
  readonly queue: Queue;
  readonly now: () => number;
}

/** The facts that decide whether new jobs wait. */
export interface QueueFacts {
  readonly runners: readonly Pick<RunnerPresence, "slots" | "limit" | "busy" | "tired" | "paused">[];
  /** Jobs that wait for a runner. */
  readonly waiting: number;
  readonly active: number;
  /** The queue is paused, a hold is set, or the breaker is not closed. */
  readonly isHeld: boolean;
  /** Config `limits.runs`; 0: none. */
  readonly maxRuns: number;
}

/** Estimate how many new jobs start immediately. Only the queued comment depends on it. Pure. */
export function countImmediateStarts({ runners, waiting, active, isHeld, maxRuns }: QueueFacts): number {
  if (isHeld || waiting > 0) return 0;
  const accepting = runners.filter((runner) => typeof runner.tired !== "string" && !runner.paused);
  const announced = accepting.reduce((sum, { slots, limit = slots, busy }) => sum + Math.max(0, limit - busy), 0);
  // A runner announces itself every few seconds. Only the queue knows the jobs that started since then.
  const started = active - runners.reduce((sum, { busy }) => sum + busy, 0);
  const free = Math.max(0, announced - Math.max(0, started));
  return maxRuns > 0 ? Math.min(free, Math.max(0, maxRuns - active)) : free;
}

/**
 * Return whether all these new issues of a repository are likely to start immediately. An issue may wait if it needs a runner
 * label or if its repository has a limit, so the result is then false.
 */
export async function willStartImmediately(
  { config, redis, queue, now }: IdleServices,
  { owner, repo }: Pick<RepositoryConfig, "owner" | "repo">,
  issues: readonly Pick<Issue, "labels">[],
): Promise<boolean> {
  const isCounted = countersOf({ repository: `${owner}/${repo}`, runsOn: [] }, config.limits).length > 0;
  if (isCounted || issues.some(({ labels }) => runsOnOf(labels).length > 0)) return false;
  const [runners, counts, isPaused, holds, breaker] = await Promise.all([
    readRunners(redis),
    queue.getJobCounts("waiting", "prioritized", "active"),
    queue.isPaused(),
    readHolds(redis),
    redis.get(BREAKER_KEY),
  ]);
  const { waiting = 0, prioritized = 0, active = 0 } = counts;
  const free = countImmediateStarts({
    runners: presentRunners(runners, now()),
    waiting: waiting + prioritized,
    active,
    isHeld: isPaused || planHolds(holds, now()).live.length > 0 || parseBreaker(breaker).phase !== "closed",
    maxRuns: config.limits.runs,
  });
  return issues.length <= free;
}
