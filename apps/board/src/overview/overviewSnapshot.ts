import type { JobType, Job } from "bullmq";
import { readSnapshot, type Snapshot } from "@tac8/core/status/snapshot";
import { readJobSnapshots, type IssueWithSnapshot } from "@tac8/core/status/jobSnapshots";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueRecord } from "@tac8/core/state/issueState";
import type { Board } from "../services/board.ts";
import type { ChartFacts } from "../charts/chartFacts.ts";
import { readInTime } from "../redis/unreachable.ts";

/** A job of the queue as the overview shows it. */
export interface ListedJob {
  readonly id: string;
  /** The title when the issue was queued, written by a GitHub user. */
  readonly title: string;
  /** BullMQ's number. */
  readonly priority: number;
  /** Epoch ms. */
  readonly queuedAt: number;
}

/** A delayed job: parked, blocked, deferred or waiting for its next try. */
export interface LaterJob extends ListedJob {
  /** Epoch ms. */
  readonly due: number;
  readonly record: IssueRecord;
}

export interface FinishedJob extends ListedJob {
  /** Epoch ms. */
  readonly at: number;
  /** The outcome, from the job if the record of the issue is missing. */
  readonly outcome: string;
  readonly reason: string | null;
  readonly prUrl: string | null;
  readonly record: IssueRecord;
}

export interface OverviewSnapshot {
  readonly snapshot: Snapshot;
  /** The next jobs, in the order in which they start. */
  readonly next: readonly ListedJob[];
  /** The delayed jobs that are due first, then those that wait longest, which are questions. */
  readonly later: readonly LaterJob[];
  /** Newest first. */
  readonly finished: readonly FinishedJob[];
  readonly charts: ChartFacts;
}

type QueueJob = Job<JobData, JobResult>;

const EVENTS_SHOWN = 8;
/** Maximum number of jobs of each kind, so that the cost of a read does not grow with the queue. */
const JOBS_SHOWN = 10;
/** BullMQ's score of a delayed job is its time, shifted by twelve bits for the order. */
const SCORE_PER_MS = 0x1000;

/** Read the data of the overview. @throws RedisUnreachable */
export async function readOverview(board: Board): Promise<OverviewSnapshot> {
  const { redis, queue } = board;
  return readInTime(board.probe, async () => {
    const [snapshot, next, later, finished, charts] = await Promise.all([
      readSnapshot({ redis, queue, now: board.now(), events: EVENTS_SHOWN }),
      readNext(board),
      readLater(board),
      readFinished(board),
      board.charts(),
    ]);
    return { snapshot, next, later, finished, charts };
  });
}

/** Read the first (`asc`) or the last jobs of these kinds. */
function some({ queue }: Board, types: JobType[], asc: boolean): Promise<QueueJob[]> {
  return queue.getJobs(types, 0, JOBS_SHOWN - 1, asc);
}

async function readNext(board: Board): Promise<ListedJob[]> {
  // Stalled jobs start before prioritized jobs.
  const [stalled, prioritized] = await Promise.all([
    some(board, ["waiting"], true),
    some(board, ["prioritized"], true),
  ]);
  return [...stalled, ...prioritized].slice(0, JOBS_SHOWN).map(listed);
}

async function readLater(board: Board): Promise<LaterJob[]> {
  // Questions wait longest, so they are at the end of the list.
  const [near, far] = await Promise.all([some(board, ["delayed"], true), some(board, ["delayed"], false)]);
  const jobs = [...new Map([...near, ...far].map((job) => [job.id ?? "", job])).values()];
  if (jobs.length === 0) return [];
  const [scores, records] = await Promise.all([
    board.redis.zmscore(board.queue.toKey("delayed"), ...jobs.map(({ id }) => id ?? "")),
    board.store.readMany(jobs.map(({ id }) => id ?? "")),
  ]);
  return jobs.flatMap((job, index) => {
    const [score, record] = [scores[index], records[index]];
    // A job without a score is already due and moves to the queue.
    if (score === null || score === undefined || record === undefined) return [];
    return [{ ...listed(job), due: Math.floor(Number(score) / SCORE_PER_MS), record }];
  });
}

/** Read the newest finished jobs in the queue, and the issues whose stop removed their job from the queue. */
async function readFinished(board: Board): Promise<FinishedJob[]> {
  const [jobs, snapshots] = await Promise.all([
    readEndedJobs(board),
    readJobSnapshots(board.redis, { store: board.store, count: JOBS_SHOWN }),
  ]);
  const inQueue = new Set(jobs.map(({ id }) => id));
  const stopped = snapshots.flatMap(({ id, snapshot, record }) =>
    inQueue.has(id) ? [] : [finishedOf({ id, snapshot, record })],
  );
  return [...jobs, ...stopped].toSorted((a, b) => b.at - a.at).slice(0, JOBS_SHOWN);
}

function finishedOf({ id, snapshot: { data, priority }, record }: IssueWithSnapshot): FinishedJob {
  const { reason } = record.end;
  const prUrl = record.pull.url;
  const at = Date.parse(record.since ?? "") || 0;
  return { id, title: data.title, priority, queuedAt: at, at, outcome: "stopped", reason, prUrl, record };
}

async function readEndedJobs(board: Board): Promise<FinishedJob[]> {
  const ended = await Promise.all([some(board, ["completed"], false), some(board, ["failed"], false)]);
  const jobs = ended
    .flat()
    .toSorted((a, b) => (b.finishedOn ?? 0) - (a.finishedOn ?? 0))
    .slice(0, JOBS_SHOWN);
  const records = await board.store.readMany(jobs.map(({ id }) => id ?? ""));
  return jobs.flatMap((job, index) => {
    const record = records[index];
    if (record === undefined) return [];
    const result = typeof job.returnvalue === "object" ? job.returnvalue : null;
    const outcome = record.state ?? result?.outcome ?? "failed";
    return [
      {
        ...listed(job),
        at: job.finishedOn ?? 0,
        outcome,
        // BullMQ keeps the reason of an earlier failed attempt.
        reason: record.end.reason ?? result?.reason ?? (outcome === "pr" ? null : (job.failedReason ?? null)),
        prUrl: record.pull.url ?? result?.prUrl ?? null,
        record,
      },
    ];
  });
}

function listed(job: QueueJob): ListedJob {
  const title: unknown = job.data?.title;
  return {
    id: job.id ?? "",
    title: typeof title === "string" ? title : job.name,
    priority: job.priority,
    queuedAt: job.timestamp,
  };
}
