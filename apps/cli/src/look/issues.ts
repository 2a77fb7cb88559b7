import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import { ISSUE_STATES, type IssueState } from "@tac8/core/domain/states";
import { JOB_STATES, shownState, type JobState } from "@tac8/core/look/shownState";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueFields } from "@tac8/core/state/issueState";
import { createIssueStore } from "@tac8/core/state/issueStore";
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { withQueue, type IssueQueue } from "../redis/queue.ts";

/** An issue of the list; the keys of `tac8 list --json`. */
export interface IssueRow {
  /** `owner/repo#471`. */
  readonly issue: string;
  readonly title: string;
  readonly url: string;
  readonly state: IssueState;
  /** ISO time of the last change of state. */
  readonly since: string;
  /** Who works on it, or did last; null while it waits. */
  readonly runner: string | null;
  /** Tries that were begun, and how many there may be. */
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly costUsd: number;
  readonly pr: { readonly number: number; readonly url: string | null } | null;
  /** Why it ended or waits. */
  readonly reason: string | null;
}

/** BullMQ's states, each with at most so many newest jobs. */
export const MAX_PER_STATE = 200;

/** The queue's jobs joined with what the runners wrote about them, most alive first. `redis` is borrowed. */
export async function readIssues(redis: Redis): Promise<IssueRow[]> {
  const found = await withQueue(redis, readJobs);
  const ids = [...found.keys()];
  const hashes = await createIssueStore(redis).readMany(ids);
  const rows = ids.flatMap((id, index) => {
    const entry = found.get(id);
    const hash = hashes[index];
    return entry === undefined || hash === undefined ? [] : [toRow({ id, ...entry, hash })];
  });
  return sortRows(rows);
}

interface Found {
  readonly job: Job<JobData, JobResult>;
  readonly state: JobState;
}

async function readJobs(queue: IssueQueue): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const state of JOB_STATES) {
    for (const job of await queue.getJobs([state], 0, MAX_PER_STATE - 1)) {
      // A job that moves between two answers is in both: the first place, where it was more alive, counts.
      if (job?.id !== undefined && !found.has(job.id)) found.set(job.id, { job, state });
    }
  }
  return found;
}

function toRow(given: Found & { readonly id: string; readonly hash: IssueFields }): IssueRow {
  const { id, job, hash } = given;
  const state = shownState(given.state, hash.state);
  const ref = job.data.owner ? job.data : parseJobId(id);
  return {
    issue: ref === null ? id : formatReference(ref),
    title: job.data.title ?? "",
    url: job.data.url ?? "",
    state,
    since: hash.since ?? new Date(job.finishedOn ?? job.processedOn ?? job.timestamp).toISOString(),
    runner: state === "queued" ? null : hash.runner,
    attempts: job.attemptsMade + (given.state === "active" ? 1 : 0),
    maxAttempts: job.opts.attempts ?? 1,
    costUsd: hash.usage?.costUsd ?? 0,
    pr: hash.prNumber === null ? null : { number: hash.prNumber, url: hash.prUrl },
    reason: hash.reason ?? job.failedReason ?? null,
  };
}

const ORDER: readonly IssueState[] = ["running", "blocked", "retrying", "parked", "queued", "failed"];

/** What is alive first, what ended last; in each state the newest change first. */
export function sortRows(rows: readonly IssueRow[]): IssueRow[] {
  const rank = (state: IssueState) =>
    ORDER.includes(state) ? ORDER.indexOf(state) : ORDER.length + ISSUE_STATES.indexOf(state);
  return rows.toSorted((a, b) => rank(a.state) - rank(b.state) || b.since.localeCompare(a.since));
}
