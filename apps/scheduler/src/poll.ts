import { messageOf } from "@tac8/core/domain/messageOf";
import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { repoKey } from "@tac8/core/domain/reference";
import { GitHubError } from "@tac8/core/github/errors";
import { announceScheduler, type SchedulerPresence } from "@tac8/core/state/presence";
import { act } from "./act.ts";
import { earliestAddTime } from "./redisReset.ts";
import { willStartImmediately } from "./idleRunners.ts";
import { createProblemLog } from "./problemLog.ts";
import { plan, lookupsFor, type Action, type RepositorySnapshot } from "./plan.ts";
import { performLookups, readLiveJobs, readRepository, type LiveJobs, type Reader } from "./readRepository.ts";
import { MAX_LOOKUPS } from "./actorLookup.ts";
import type { SchedulerServices } from "./services.ts";

export interface PollServices extends SchedulerServices {
  /** The facts about the process that the scheduler publishes with each poll. */
  readonly vitals: () => Pick<SchedulerPresence, "process" | "github" | "sharing">;
}

/** If more jobs than this are added, tac8 posts no queued comments: writes are one second apart, so they would delay the queue. */
const MAX_COMMENTED = 5;

/**
 * Return a function that reads GitHub and the queue once, plans, acts, and publishes the result. `start.ts` calls it at the
 * configured interval while this scheduler has the lease. Do not call it again before it has returned. Its memory only saves requests
 * and log lines, so a restart loses nothing.
 */
export function createPoll(services: PollServices): () => Promise<void> {
  const { config, redis, now, signal, vitals } = services;
  const { trusted_users: trustedUsers, label_allow: allowLabel } = config.github;
  const reader: Reader = { ...services, trustedUsers, allowLabel };
  const logProblems = createProblemLog(services);
  const seenRepositories = new Set<string>();
  let lastPollAt: number | null = null;
  let rateLimitedUntil = 0;

  async function actOnAll(snapshot: RepositorySnapshot, actions: readonly Action[]): Promise<string[]> {
    const forNewIssues = await shouldPostQueued(snapshot, actions);
    const lookupBudget = { left: MAX_LOOKUPS };
    const { max_attempts: attempts } = config.coordinator;
    const actServices = {
      ...services,
      trustedUsers,
      attempts,
      comments: { enabled: true, forNewIssues },
      lookupBudget,
    };
    const problems: string[] = [];
    for (const action of actions) {
      try {
        await act(actServices, snapshot, action);
      } catch (error) {
        signal.throwIfAborted();
        // A problem of one issue must not affect the others. The next poll plans this issue again.
        problems.push(`${action.do} ${action.job.jobId}: ${messageOf(error)}`);
      }
      signal.throwIfAborted();
    }
    return problems;
  }

  /** Return whether new issues get queued comments: none if they start immediately, as the run's comment follows within seconds. */
  async function shouldPostQueued(snapshot: RepositorySnapshot, actions: readonly Action[]): Promise<boolean> {
    if (actions.filter(addsJob).length > MAX_COMMENTED) return false;
    const added = actions.flatMap((action) => (action.do === "add" ? [action.issue] : []));
    return added.length === 0 || !(await willStartImmediately(services, snapshot, added));
  }

  /** Poll one repository. @returns the problems of single issues @throws the error, if it concerns the whole repository */
  async function pollRepository(repository: RepositoryConfig, live: LiveJobs): Promise<string[]> {
    const snapshot = await readRepository(reader, repository, live);
    if ("problem" in snapshot) throw new Error(snapshot.problem);
    const { results, problems } = await performLookups(reader, snapshot, lookupsFor(snapshot));
    const addFrom = await earliestAddTime({
      redis,
      snapshot,
      workingLabel: config.github.label_working,
      lockSeconds: config.coordinator.lock_seconds,
      seenRepositories,
      now: now(),
    });
    const actions = plan(snapshot, results);
    if (now() >= addFrom) return [...problems, ...(await actOnAll(snapshot, actions))];
    const emptiedProblem = `Redis was emptied: no issue is added before ${new Date(addFrom).toISOString()}`;
    const withoutAdds = actions.filter((action) => !addsJob(action));
    return [emptiedProblem, ...problems, ...(await actOnAll(snapshot, withoutAdds))];
  }

  return async function poll(): Promise<void> {
    if (now() < rateLimitedUntil) {
      const error = `GitHub's rate limit is used up: no requests until ${new Date(rateLimitedUntil).toISOString()}`;
      return announceScheduler(redis, { at: now(), lastPollAt, error, restUntil: rateLimitedUntil, ...vitals() });
    }
    let failedRepositories = 0;
    const allProblems: string[] = [];
    // Read once for all repositories. Every action that an old snapshot could make wrong compares the record before it writes: act.ts.
    const live = await readLiveJobs(reader, config.repositories);
    for (const repository of config.repositories) {
      const problems: string[] = [];
      try {
        problems.push(...(await pollRepository(repository, live)));
      } catch (error) {
        signal.throwIfAborted();
        problems.push(messageOf(error));
        failedRepositories += 1;
        if (error instanceof GitHubError && error.kind === "rate-limit") rateLimitedUntil = error.retryAt ?? 0;
      }
      logProblems(repoKey(repository), problems);
      allProblems.push(...problems);
      if (now() < rateLimitedUntil) break; // All repositories share the token's limit.
    }
    if (failedRepositories === 0) lastPollAt = now();
    const error = allProblems.join(" · ").slice(0, 500) || null;
    const rateLimit = now() < rateLimitedUntil ? { restUntil: rateLimitedUntil } : {};
    await announceScheduler(redis, { at: now(), lastPollAt, error, ...rateLimit, ...vitals() });
  };
}

function addsJob(action: Action): boolean {
  return action.do === "add" || action.do === "add-lost-job";
}
