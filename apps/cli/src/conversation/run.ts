import type { BlockedHost } from "@tac8/core/domain/blockedHosts";
import { formatReference, type IssueRef } from "@tac8/core/domain/reference";
import type { IssueState } from "@tac8/core/domain/states";
import type { AgentRun } from "@tac8/core/state/issueState";
import { createIssueStore } from "@tac8/core/state/issueStore";
import type { Redis } from "ioredis";
import { Problem } from "../problems/problem.ts";
import { shownState } from "@tac8/core/status/shownState";
import { readJob } from "@tac8/core/why/job";
import { withQueue } from "../redis/queue.ts";

/** The facts of an issue that `tac8 view` shows. */
export interface IssueView {
  readonly jobId: string;
  readonly ref: IssueRef;
  /** `owner/repo#471`. */
  readonly issue: string;
  readonly title: string;
  readonly url: string | null;
  readonly state: IssueState;
  /** Models that its runs have used. */
  readonly models: readonly string[];
  readonly pr: { readonly number: number; readonly url: string | null } | null;
  /** Hosts to which its agents were refused connections in this round. */
  readonly blockedHosts: readonly BlockedHost[];
  /** Id of the current run; null: there is none. */
  readonly liveRun: string | null;
  /** Its newest runs, oldest first. */
  readonly runs: readonly AgentRun[];
}

/** Read an issue. `redis` is borrowed. @throws Problem if tac8 does not know the issue */
export async function readIssue(redis: Redis, jobId: string, ref: IssueRef): Promise<IssueView> {
  const [hash, job] = await Promise.all([
    createIssueStore(redis).read(jobId),
    withQueue(redis, (queue) => readJob(redis, queue, jobId)),
  ]);
  const place = job?.state ?? null;
  if (job === null && hash.state === null && hash.agent.runs === null) {
    throw new Problem(`${formatReference(ref)} is unknown to tac8: check the number, or add the label to the issue`);
  }
  return {
    jobId,
    ref,
    issue: formatReference(ref),
    title: job?.title ?? "",
    url: job?.url || null,
    state: place === null ? (hash.state ?? "queued") : shownState(place, hash.state),
    pr: hash.pull.number === null ? null : { number: hash.pull.number, url: hash.pull.url },
    models: hash.agent.models ?? [],
    blockedHosts: hash.agent.blockedHosts ?? [],
    liveRun: hash.run.id,
    runs: hash.agent.runs ?? [],
  };
}

/** Return a run of an issue. @param n number of the run; null: the newest. @throws Problem if there is no such run */
export function pickRun({ issue, state, runs }: IssueView, n: number | null): AgentRun {
  const newest = runs.at(-1);
  if (newest === undefined) throw new Problem(`no agent has worked on ${issue} yet: its state is ${state}`);
  if (n === null) return newest;
  const found = runs.find((run) => run.n === n);
  if (found === undefined) throw new Problem(`${issue} has no run ${n}: it ${listRuns(runs.map((run) => run.n))}`);
  return found;
}

function listRuns(numbers: readonly number[]): string {
  const [first = 0] = numbers;
  const last = numbers.at(-1) ?? first;
  if (first === last) return `has only run ${first}`;
  return `has runs ${first} to ${last}${first > 1 ? ", older runs are deleted" : ""}`;
}
