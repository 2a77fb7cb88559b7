import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { jobIdOf, parseJobId, repoKey } from "@tac8/core/domain/reference";
import type { GitHub } from "@tac8/core/github/client";
import { isTrustedAccount } from "@tac8/core/github/trust";
import { GitHubError } from "@tac8/core/github/errors";
import type { Comment, IssueResult, IssueEvent } from "@tac8/core/github/types";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { pipelined } from "@tac8/core/state/pipelined";
import {
  decidingAccounts,
  PLAN_FIELDS,
  type LookupResults,
  type KnownJob,
  type Lookups,
  type RepositorySnapshot,
} from "./plan.ts";

export interface Reader {
  readonly github: GitHub;
  readonly queue: Queue<JobData, JobResult>;
  readonly redis: Redis;
  readonly store: IssueStore;
  readonly trustedUsers: readonly string[];
  /** Config `label_allow`. */
  readonly allowLabel: string;
  readonly signal: AbortSignal;
}

type JobList = "waiting" | "delayed" | "active";

/** The list that each live job is in, by repository (`repoKey`) and job id. */
export type LiveJobs = ReadonlyMap<string, ReadonlyMap<string, JobList>>;

/**
 * The lists, in the order in which a job passes through them, so that a job that moves to the next list meanwhile is found at least
 * once. A job that returns from `active` may be missed, so every action that this could make wrong compares the record again: act.ts.
 */
const JOB_LISTS = [
  ["delayed", "delayed"],
  ["wait", "waiting"],
  ["prioritized", "waiting"],
  ["active", "active"],
] as const;
const PAGE = 1000;

/** Read the live jobs of all repositories in pages. Called once per poll, because the one queue may have a hundred thousand jobs. */
export async function readLiveJobs(
  { queue, redis }: Pick<Reader, "queue" | "redis">,
  repositories: readonly RepositoryConfig[],
): Promise<LiveJobs> {
  const result = new Map(repositories.map((repository) => [repoKey(repository), new Map<string, JobList>()]));
  // Most jobs of a long queue can be skipped by this prefix of their ids, which is much faster than parsing the ids.
  const byPrefix = new Map(
    repositories.map((one) => [`${one.owner}.${one.repo}`.toLowerCase(), result.get(repoKey(one))]),
  );
  for (const [bullList, list] of JOB_LISTS) {
    for await (const ids of pagesOf(redis, {
      key: queue.toKey(bullList),
      sorted: bullList === "delayed" || bullList === "prioritized",
    })) {
      for (const id of ids) {
        const jobs = byPrefix.get(id.slice(0, id.lastIndexOf(".")));
        if (jobs !== undefined && parseJobId(id) !== null) jobs.set(id, list);
      }
    }
  }
  return result;
}

/** Return the ids of a list in pages. An id that stays in the list while it is read is returned at least once. */
async function* pagesOf(
  redis: Redis,
  { key, sorted }: { readonly key: string; readonly sorted: boolean },
): AsyncGenerator<readonly string[]> {
  if (!sorted) {
    // New jobs are added at the head of the list, which moves the other jobs to later pages.
    for (let from = 0; ; from += PAGE) {
      const ids = await redis.lrange(key, from, from + PAGE - 1);
      yield ids;
      if (ids.length < PAGE) return;
    }
  }
  let cursor = "0";
  do {
    const [next, pairs] = await redis.zscan(key, cursor, "COUNT", PAGE);
    yield pairs.filter((_, index) => index % 2 === 0);
    cursor = next;
  } while (cursor !== "0");
}

/** Read the labelled issues of a repository with their jobs, and its other live jobs. */
export async function readRepository(
  reader: Reader,
  config: RepositoryConfig,
  live: LiveJobs,
): Promise<RepositorySnapshot | { readonly problem: string }> {
  const { github, signal } = reader;
  const name = `${config.owner}/${config.repo}`;
  const result = await github.repository(config, { signal });
  if (result.kind === "missing") return { problem: `${name} does not exist, or the token cannot access it` };
  if (result.kind === "moved") return { problem: `${name} is now ${result.to}: change it in the configuration` };
  const labelled = await github.labelledIssues(config, config.issueLabel, { signal });
  const ids = new Set(labelled.map(({ number }) => jobIdOf({ ...config, number })));
  const lists = live.get(repoKey(config)) ?? new Map<string, JobList>();
  for (const id of lists.keys()) ids.add(id);
  return {
    owner: config.owner,
    repo: config.repo,
    repositoryId: result.id,
    label: config.issueLabel,
    allowLabel: reader.allowLabel,
    labelled,
    jobs: await readJobs(reader, [...ids], lists),
  };
}

async function readJobs(
  { queue, redis, store }: Reader,
  ids: string[],
  lists: ReadonlyMap<string, JobList>,
): Promise<KnownJob[]> {
  const records = await store.readFacts(ids, PLAN_FIELDS);
  // Every job that exists has a timestamp.
  const jobs = await pipelined(redis, ids, (pipeline, id) => pipeline.hmget(queue.toKey(id), "timestamp", "priority"));
  return ids.map((jobId, index) => {
    const [timestamp, priority] = jobs[index] as [string | null, string | null];
    const record = records[index];
    if (record === undefined) throw new Error("a record is missing: this is a bug in tac8");
    const where = lists.get(jobId) ?? (timestamp === null ? null : "finished");
    return { jobId, priority: Number(priority ?? 0), record, where };
  });
}

/** Up to this number, failed requests are treated as problems of single issues; more of them are an outage. */
const MAX_UNANSWERED = 3;

/**
 * Perform the lookups on GitHub that the plan needs. A request that fails for one issue is omitted and reported in `problems`,
 * so that the other issues continue.
 * @throws the error, if it does not concern a single issue or if more than `MAX_UNANSWERED` requests fail
 */
export async function performLookups(
  reader: Reader,
  snapshot: RepositorySnapshot,
  lookups: Lookups,
): Promise<{ readonly results: LookupResults; readonly problems: readonly string[] }> {
  const { github, trustedUsers, signal } = reader;
  const problems: string[] = [];
  const tolerate = async (ask: () => Promise<void>): Promise<void> => {
    try {
      await ask();
    } catch (error) {
      const concernsAll = !(error instanceof GitHubError) || ["rate-limit", "unauthorized"].includes(error.kind);
      if (concernsAll || problems.length >= MAX_UNANSWERED) throw error;
      problems.push(error.message);
    }
  };
  const events = new Map<string, number | null>();
  const issues = new Map<string, IssueResult>();
  const comments: Comment[] = [];
  const trusted = new Set(trustedUsers.map((login) => login.toLowerCase()));
  for (const ref of lookups.events) {
    await tolerate(async () => {
      const event = await github.newestLabeledEvent(ref, ref.number, snapshot.label, { signal });
      events.set(jobIdOf(ref), event?.id ?? null);
    });
  }
  for (const ref of lookups.issues) {
    await tolerate(async () => void issues.set(jobIdOf(ref), await github.issue(ref, ref.number, { signal })));
  }
  const allowances = new Map<string, IssueEvent>();
  for (const ref of lookups.allowances) {
    await tolerate(async () => {
      const event = await github.newestLabeledEvent(ref, ref.number, snapshot.allowLabel, { signal });
      if (event !== null) allowances.set(jobIdOf(ref), event);
    });
  }
  const since = lookups.commentsSince;
  if (since !== null) {
    await tolerate(async () => void comments.push(...(await github.commentsSince(snapshot, since, { signal }))));
  }
  for (const login of decidingAccounts(snapshot, { comments, allowances }).filter((name) => !trusted.has(name))) {
    await tolerate(async () => {
      if (await isTrustedAccount(github, { repo: snapshot, login, trustedUsers }, { signal })) trusted.add(login);
    });
  }
  return { results: { events, issues, allowances, comments, trusted }, problems };
}
