import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { RepositoryConfig } from "@tac8/core/config/resolve";
import { jobIdOf, parseJobId, repoKey } from "@tac8/core/domain/reference";
import type { GitHub } from "@tac8/core/github/client";
import { GitHubError } from "@tac8/core/github/errors";
import type { Comment, IssueAnswer } from "@tac8/core/github/types";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { repliers, type Answers, type KnownJob, type Questions, type RepositorySnapshot } from "./plan.ts";

export interface Reader {
  readonly github: GitHub;
  readonly queue: Queue<JobData, JobResult>;
  readonly redis: Redis;
  readonly store: IssueStore;
  readonly trustedUsers: readonly string[];
  readonly signal: AbortSignal;
}

/** Where each live job is, by id. */
export type LiveJobs = ReadonlyMap<string, "waiting" | "delayed" | "active">;

export async function readLiveJobs(queue: Queue<JobData, JobResult>): Promise<LiveJobs> {
  const result = new Map<string, "waiting" | "delayed" | "active">();
  // From the end of a job's way to its beginning: one that moves on meanwhile is seen at least once.
  for (const [types, where] of [
    [["delayed"], "delayed"],
    [["wait", "prioritized"], "waiting"],
    [["active"], "active"],
  ] as const) {
    // Without a range it gives two of each list.
    for (const id of await queue.getRanges([...types], 0, -1)) result.set(id, where);
  }
  return result;
}

/** The repository's labelled issues with their jobs, and its other live jobs. */
export async function readRepository(
  reader: Reader,
  config: RepositoryConfig,
  live: LiveJobs,
): Promise<RepositorySnapshot | { readonly problem: string }> {
  const { github, signal } = reader;
  const name = `${config.owner}/${config.repo}`;
  const found = await github.repository(config, { signal });
  if (found.kind === "gone") return { problem: `${name} is not there, or the token may not see it` };
  if (found.kind === "moved") return { problem: `${name} is now ${found.to}: change it in the configuration` };
  const labelled = await github.labelledIssues(config, config.issueLabel, { signal });
  const ids = new Set(labelled.map(({ number }) => jobIdOf({ ...config, number })));
  for (const id of live.keys()) {
    const ref = parseJobId(id);
    if (ref !== null && repoKey(ref) === repoKey(config)) ids.add(id);
  }
  return {
    owner: config.owner,
    repo: config.repo,
    repositoryId: found.id,
    label: config.issueLabel,
    labelled,
    jobs: await readJobs(reader, [...ids], live),
  };
}

async function readJobs({ queue, redis, store }: Reader, ids: string[], live: LiveJobs): Promise<KnownJob[]> {
  const states = await store.readMany(ids);
  const pipeline = redis.pipeline();
  for (const id of ids) pipeline.hget(queue.toKey(id), "priority").exists(queue.toKey(id));
  const answers = (await pipeline.exec()) ?? [];
  for (const [error] of answers) if (error) throw error;
  return ids.map((jobId, index) => {
    const priority = Number(answers[index * 2]?.[1] ?? 0);
    const exists = answers[index * 2 + 1]?.[1] === 1;
    const state = states[index];
    if (state === undefined) throw new Error("a state is missing: this is a defect");
    return { jobId, priority, state, where: live.get(jobId) ?? (exists ? "finished" : null) };
  });
}

/** So much of it that GitHub does not answer is the issues' own trouble; more is an outage. */
const MAX_UNANSWERED = 3;

/**
 * Asks GitHub what the plan needs to know. What it does not answer about one issue is left out and named in `problems`: the
 * others go on.
 * @throws GitHubError when the trouble is not one issue's.
 */
export async function answerQuestions(
  reader: Reader,
  snapshot: RepositorySnapshot,
  questions: Questions,
): Promise<{ readonly answers: Answers; readonly problems: readonly string[] }> {
  const { github, trustedUsers, signal } = reader;
  const problems: string[] = [];
  const tolerate = async (ask: () => Promise<void>): Promise<void> => {
    try {
      await ask();
    } catch (error) {
      const everybodys = !(error instanceof GitHubError) || ["rate-limit", "unauthorized"].includes(error.kind);
      if (everybodys || problems.length >= MAX_UNANSWERED) throw error;
      problems.push(error.message);
    }
  };
  const events = new Map<string, number | null>();
  const issues = new Map<string, IssueAnswer>();
  const comments: Comment[] = [];
  const trusted = new Set(trustedUsers.map((login) => login.toLowerCase()));
  for (const ref of questions.events) {
    await tolerate(async () => {
      const event = await github.newestLabeledEvent(ref, ref.number, snapshot.label, { signal });
      events.set(jobIdOf(ref), event?.id ?? null);
    });
  }
  for (const ref of questions.issues) {
    await tolerate(async () => void issues.set(jobIdOf(ref), await github.issue(ref, ref.number, { signal })));
  }
  const since = questions.commentsSince;
  if (since !== null) {
    await tolerate(async () => void comments.push(...(await github.commentsSince(snapshot, since, { signal }))));
  }
  for (const login of repliers(snapshot, comments).filter((name) => !trusted.has(name))) {
    await tolerate(async () => {
      const permission = await github.permission(snapshot, login, { signal });
      if (permission === "admin" || permission === "write") trusted.add(login);
    });
  }
  return { answers: { events, issues, comments, trusted }, problems };
}
