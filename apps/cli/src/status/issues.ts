import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import { ISSUE_STATES, hasReached, type IssueState } from "@tac8/core/domain/states";
import { readJobSnapshots, type IssueWithSnapshot } from "@tac8/core/status/jobSnapshots";
import { agentRunsOf, attemptsBegun } from "@tac8/core/status/counts";
import { JOB_STATES, shownState, type JobState } from "@tac8/core/status/shownState";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueRecord } from "@tac8/core/state/issueState";
import { createIssueStore } from "@tac8/core/state/issueStore";
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { withQueue, type IssueQueue } from "../redis/queue.ts";

/** An issue of the list. */
export interface IssueRow {
  /** `owner/repo#471`. */
  readonly issue: string;
  readonly title: string;
  readonly url: string;
  readonly state: IssueState;
  /** ISO time of the last change of state. */
  readonly since: string;
  /** Slot that processes it, or did last; null while it waits in the queue. */
  readonly runner: string | null;
  /** Attempts since it was queued; `maxAttempts`: their maximum number. */
  readonly attempts: number;
  readonly maxAttempts: number;
  /** Agent runs over the whole life of the issue. */
  readonly runs: number;
  /** Time that agents have worked on it, including the current run, in ms. */
  readonly runMs: number;
  readonly costUsd: number;
  readonly pr: { readonly number: number; readonly url: string | null } | null;
  /** Why it ended or waits. */
  readonly reason: string | null;
}

/** Maximum number of jobs to read of each BullMQ state. */
export const MAX_PER_STATE = 200;

export interface IssueList {
  /** Sorted as in `sortRows`: running issues first, ended ones last. */
  readonly issues: readonly IssueRow[];
  /** Number of jobs that were not read, by state of BullMQ. */
  readonly more: Readonly<Partial<Record<JobState, number>>>;
}

/**
 * Read the jobs that are next in the queue and those that ended last, joined with the records of their issues. The cost does not grow
 * with the queue. `redis` is borrowed; `now`: epoch ms.
 */
export async function readIssues(redis: Redis, now: number): Promise<IssueList> {
  const { found, counts } = await withQueue(redis, async (queue) => {
    const jobs = await readJobs(queue);
    return { found: jobs, counts: await queue.getJobCounts(...JOB_STATES) };
  });
  const ids = [...found.keys()];
  const store = createIssueStore(redis);
  const records = await store.readMany(ids);
  const rows = ids.flatMap((id, index) => {
    const entry = found.get(id);
    const record = records[index];
    return entry === undefined || record === undefined ? [] : [toRow({ id, ...entry, record, now })];
  });
  const snapshots = await readJobSnapshots(redis, { store, count: MAX_PER_STATE });
  const without = snapshots.filter(({ id }) => !found.has(id)).map(snapshotRow);
  return { issues: sortRows([...rows, ...without]), more: moreThan(found, counts) };
}

/** Row of an issue that was stopped while it waited. */
function snapshotRow({ id, snapshot: { data, attempts }, record }: IssueWithSnapshot): IssueRow {
  return {
    ...known(id, { data, record }),
    state: "stopped",
    since: record.since ?? "",
    runner: record.run.runner,
    attempts: record.end.attempt ?? 0,
    maxAttempts: attempts,
    runMs: record.agent.usage?.durationMs ?? 0,
    reason: record.end.reason,
  };
}

/** Columns that every row has in every state. */
function known(
  id: string,
  { data, record }: { readonly data: Partial<JobData>; readonly record: IssueRecord },
): Pick<IssueRow, "issue" | "title" | "url" | "costUsd" | "pr" | "runs"> {
  const ref = parseJobId(id);
  const { owner, repo, number, title, url } = data;
  const named = owner && repo && number ? { owner, repo, number } : ref;
  return {
    issue: named === null ? id : formatReference(named),
    title: title ?? "",
    url: url ?? "",
    costUsd: record.agent.usage?.costUsd ?? 0,
    runs: agentRunsOf(record),
    pr: record.pull.number === null ? null : { number: record.pull.number, url: record.pull.url },
  };
}

function moreThan(found: ReadonlyMap<string, Found>, counts: Readonly<Record<string, number>>): IssueList["more"] {
  const read = Map.groupBy(found.values(), ({ state }) => state);
  return Object.fromEntries(
    JOB_STATES.flatMap((state) => {
      const left = (counts[state] ?? 0) - (read.get(state)?.length ?? 0);
      return left > 0 && (counts[state] ?? 0) > MAX_PER_STATE ? [[state, left] as const] : [];
    }),
  );
}

interface Found {
  readonly job: Job<JobData, JobResult>;
  readonly state: JobState;
}

async function readJobs(queue: IssueQueue): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const state of JOB_STATES) {
    for (const job of await readState(queue, state)) {
      // A job that ends between two reads is found twice, and its first state counts. A job that becomes waiting or active between two
      // reads is missed until the next refresh.
      if (job?.id !== undefined && !found.has(job.id)) found.set(job.id, { job, state });
    }
  }
  return found;
}

async function readState(queue: IssueQueue, state: JobState): Promise<Found["job"][]> {
  const some = (count: number, asc: boolean) => queue.getJobs([state], 0, count - 1, asc);
  switch (state) {
    case "completed":
    case "failed":
      return some(MAX_PER_STATE, false);
    case "delayed":
      // Questions wait longest, so they are at the end of the list.
      return [...(await some(MAX_PER_STATE / 2, true)), ...(await some(MAX_PER_STATE / 2, false))];
    case "active":
    case "waiting":
    case "prioritized":
      return some(MAX_PER_STATE, true);
    default:
      return state satisfies never;
  }
}

function toRow(given: Found & { readonly id: string; readonly record: IssueRecord; readonly now: number }): IssueRow {
  const { id, job, record } = given;
  const state = shownState(given.state, record.state);
  return {
    ...known(id, { data: job.data, record }),
    state,
    since: record.since ?? new Date(job.finishedOn ?? job.processedOn ?? job.timestamp).toISOString(),
    runner: state === "queued" ? null : record.run.runner,
    attempts: attemptsBegun({ state: given.state, attemptsMade: job.attemptsMade }, record),
    maxAttempts: job.opts.attempts ?? 1,
    runMs: runMsOf(given),
    // BullMQ keeps the reason of an earlier attempt that failed, also after a later success.
    reason: record.end.reason ?? (state === "pr" ? null : (job.failedReason ?? null)),
  };
}

/** The record counts an agent's time when the agent ends. Until then, add the time since the run began. */
function runMsOf({ job, state, record, now }: Found & { readonly record: IssueRecord; readonly now: number }): number {
  const before = record.agent.usage?.durationMs ?? 0;
  const works = state === "active" && !hasReached(record.checkpoint, "worked");
  return works ? before + Math.max(0, now - (job.processedOn ?? now)) : before;
}

const ORDER: readonly IssueState[] = ["running", "blocked", "retrying", "parked", "queued", "failed"];

/** Sort running and waiting issues before ended ones; in each state, the newest change is first. */
export function sortRows(rows: readonly IssueRow[]): IssueRow[] {
  const rank = (state: IssueState) =>
    ORDER.includes(state) ? ORDER.indexOf(state) : ORDER.length + ISSUE_STATES.indexOf(state);
  return rows.toSorted((a, b) => rank(a.state) - rank(b.state) || b.since.localeCompare(a.since));
}
