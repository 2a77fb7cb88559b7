import { messageOf } from "@tac8/core/domain/messageOf";
import { isDeepStrictEqual } from "node:util";
import type { Config, RepositoryConfig } from "@tac8/core/config/resolve";
import { repoKey } from "@tac8/core/domain/reference";
import { GitHubError } from "@tac8/core/github/errors";
import { announceScheduler, type SchedulerPresence } from "@tac8/core/state/presence";
import { act, type Actor } from "./act.ts";
import { mayAddFrom } from "./redisReset.ts";
import { doStartAtOnce } from "./idleRunners.ts";
import { plan, questionsFor, type Action, type RepositorySnapshot } from "./plan.ts";
import { answerQuestions, readLiveJobs, readRepository, type LiveJobs, type Reader } from "./readRepository.ts";
import { MAX_ASKED } from "./actorLookup.ts";

/** All borrowed; `signal` ends a poll in its middle. */
export type PollServices = Omit<Reader, "trustedUsers" | "allowLabel"> &
  Omit<Actor, "attempts" | "comments" | "lookupBudget" | "trustedUsers"> & {
    readonly config: Config;
    /** What the scheduler reports about itself beside its polls. */
    readonly vitals: () => Pick<SchedulerPresence, "process" | "github" | "sharing">;
  };

/** With more new issues at once, their comments would hold up the queue (writes are a second apart): the runs make them. */
const MAX_COMMENTED = 5;
/** A problem that lasts is said again so often. */
const SAY_AGAIN_MS = 10 * 60_000;

/**
 * Makes a function that reads GitHub and the queue once, plans, acts, and announces how it went; never to be called
 * twice at a time. What it keeps in memory only spares requests and log lines: a restart loses nothing.
 */
export function createPoll(services: PollServices): () => Promise<void> {
  const { config, redis, log, now, signal, vitals } = services;
  const { trusted_users: trustedUsers, label_allow: allowLabel } = config.github;
  const reader: Reader = { ...services, trustedUsers, allowLabel };
  const reported = new Map<string, { readonly problems: readonly string[]; readonly at: number }>();
  const seen = new Set<string>();
  let lastPollAt: number | null = null;
  let restUntil = 0;

  async function doAll(snapshot: RepositorySnapshot, actions: readonly Action[]): Promise<string[]> {
    const queued = await doPostQueued(snapshot, actions);
    const lookupBudget = { left: MAX_ASKED };
    const { max_attempts: attempts } = config.coordinator;
    const actor = { ...services, trustedUsers, attempts, comments: { on: true, queued }, lookupBudget };
    const problems: string[] = [];
    for (const action of actions) {
      try {
        await act(actor, snapshot, action);
      } catch (error) {
        signal.throwIfAborted();
        // One issue's trouble is not the others': the next poll plans it again.
        problems.push(`${action.do} ${action.job.jobId}: ${messageOf(error)}`);
      }
      signal.throwIfAborted();
    }
    return problems;
  }

  /** Issues that start at once are not said to be queued: the run's own comment follows within seconds. */
  async function doPostQueued(snapshot: RepositorySnapshot, actions: readonly Action[]): Promise<boolean> {
    if (actions.filter(begins).length > MAX_COMMENTED) return false;
    const added = actions.flatMap((action) => (action.do === "add" ? [action.issue] : []));
    return added.length === 0 || !(await doStartAtOnce(services, snapshot, added));
  }

  /** @returns the troubles of single issues. */
  async function pollRepository(repository: RepositoryConfig, live: LiveJobs): Promise<string[]> {
    const snapshot = await readRepository(reader, repository, live);
    if ("problem" in snapshot) throw new Error(snapshot.problem);
    const { answers, problems } = await answerQuestions(reader, snapshot, questionsFor(snapshot));
    const from = await mayAddFrom({
      redis,
      snapshot,
      workingLabel: config.github.label_working,
      lockSeconds: config.coordinator.lock_seconds,
      seen,
      now: now(),
    });
    const actions = plan(snapshot, answers);
    if (now() >= from) return [...problems, ...(await doAll(snapshot, actions))];
    const emptied = `Redis was emptied: no issue is added before ${new Date(from).toISOString()}`;
    const rest = actions.filter((action) => !begins(action));
    return [emptied, ...problems, ...(await doAll(snapshot, rest))];
  }

  function say(key: string, problems: readonly string[]): void {
    const before = reported.get(key);
    const news = !isDeepStrictEqual(before?.problems ?? [], problems);
    if (!news && (before === undefined || now() - before.at < SAY_AGAIN_MS)) return;
    reported.set(key, { problems, at: now() });
    if (problems.length === 0) log.info({ repository: key }, "polling works again");
    for (const problem of problems) log.warn({ repository: key }, problem);
  }

  return async function poll(): Promise<void> {
    if (now() < restUntil) {
      const error = `GitHub's rate limit is used up: no requests until ${new Date(restUntil).toISOString()}`;
      return announceScheduler(redis, { at: now(), lastPollAt, error, restUntil, ...vitals() });
    }
    const unanswered: string[] = [];
    const all: string[] = [];
    // Once for all of them: each action checks again before it changes anything.
    const live = await readLiveJobs(reader, config.repositories);
    for (const repository of config.repositories) {
      const problems: string[] = [];
      try {
        problems.push(...(await pollRepository(repository, live)));
      } catch (error) {
        signal.throwIfAborted();
        problems.push(messageOf(error));
        unanswered.push(messageOf(error));
        if (error instanceof GitHubError && error.kind === "rate-limit") restUntil = error.retryAt ?? 0;
      }
      say(repoKey(repository), problems);
      all.push(...problems);
      if (now() < restUntil) break; // The limit is the token's: the other repositories have it too.
    }
    if (unanswered.length === 0) lastPollAt = now();
    const error = all.join(" · ").slice(0, 500) || null;
    const resting = now() < restUntil ? { restUntil } : {};
    await announceScheduler(redis, { at: now(), lastPollAt, error, ...resting, ...vitals() });
  };
}

function begins(action: Action): boolean {
  return action.do === "add" || action.do === "requeue";
}
