import type { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { setTimeout as sleep } from "node:timers/promises";
import { isEnded, type IssueState } from "../domain/states.ts";
import { fieldOf, type IssuePatch, type IssueRecord, type RecordPart } from "../state/issueState.ts";
import type { IssueStore } from "../state/issueStore.ts";
import { COMMANDS_CHANNEL, issueKey, STOPS_KEY } from "../state/keys.ts";
import type { JobData } from "./contract.ts";

/** Result of a request to stop an issue. */
export type StopResult =
  /** A runner has the job, and the command is written for that runner: it interrupts or kills the agent, saves, pushes and reports. */
  | { readonly kind: "stopping"; readonly runner: string | null }
  /** The issue waited in the queue and is stopped now. The scheduler reports that on GitHub. `from`: its former state. */
  | { readonly kind: "stopped"; readonly from: IssueState | null }
  /** The issue had ended. A label that was added since then does not start it, and the scheduler removes that label. */
  | { readonly kind: "kept"; readonly state: IssueState }
  /** The issue had ended, so there is nothing to stop. */
  | { readonly kind: "ended"; readonly state: IssueState }
  /** tac8 does not know the issue. */
  | { readonly kind: "unknown" }
  /** The issue changed during every try. */
  | { readonly kind: "changed" };

export interface StopOptions {
  readonly queue: Queue<JobData>;
  readonly store: Pick<IssueStore, "read" | "writeIf">;
  readonly redis: Redis;
  readonly jobId: string;
  /** The requester: `user@host`, `board`. */
  readonly by: string;
  /** The reason that the user gave; null: none. */
  readonly reason: string | null;
  /** Kill the agent immediately, without an interrupt. Its work is still saved. */
  readonly kill: boolean;
  /** Epoch ms. */
  readonly now: number;
  /**
   * Reads the trigger label from GitHub and returns the id of its newest event; 0: GitHub does not report it; null: the issue does not have
   * the label, or GitHub is unreachable. Called only if Redis has nothing to stop, because the scheduler may not have seen a new label
   * yet. Absent: GitHub is not asked.
   */
  readonly labelOn?: () => Promise<number | null>;
}

/** Number of tries for an issue that changes at the same time. Each try needs a few round trips. */
const ATTEMPTS = 5;
const RETRY_MS = 100;
const MAX_REASON_LENGTH = 500;

type JobState = Awaited<ReturnType<Job["getState"]>>;

/**
 * Decide which process ends the issue. Pure. A waiting job is removed from the queue by the process that stops the issue, because a
 * runner would receive the job only after all holds end and a slot is free.
 */
export function planStop(
  job: JobState,
  record: RecordPart<"state" | "end.attempt" | "end.outcome">,
  attemptsMade: number,
): "runner" | "queue" | "ended" | "unknown" | "changed" {
  // The end is decided, and only its report on GitHub remains. A stop would replace that end. Two outcomes are excluded: a blocked issue
  // waits for a reply, and a decided stop that its runner could not report has the same outcome if it is ended in the queue. The scheduler
  // then reports it, and the job does not wait for a runner.
  const decided = record.end.outcome !== null && record.end.outcome !== "blocked" && record.end.outcome !== "stopped";
  if (job !== "active" && decided && !isEnded(record.state)) return "ended";
  switch (job) {
    case "active":
      return "runner";
    case "completed":
    case "failed":
      return isEnded(record.state) ? "ended" : "changed"; // A retry writes the hash, then moves the job.
    case "unknown":
      // The issue has not ended: its job is about to be added, or was lost and would be added again.
      return record.state === null ? "unknown" : isEnded(record.state) ? "ended" : "queue";
    case "delayed":
    case "waiting":
    case "waiting-children":
    case "prioritized":
    default:
      // An ended issue whose job Bull Board has queued again can be stopped. A stopped issue whose job is not removed yet is an ended one.
      // `end.attempt` is BullMQ's count when the end was written. If the count is equal, BullMQ has not finished the job since, so its
      // removal is pending. If it is higher, the job was finished, and queued again.
      return isEnded(record.state) && record.end.attempt === attemptsMade ? "ended" : "queue";
  }
}

/**
 * Stop the work on an issue, whether a runner has its job or not. The command is written to the record first, so that a runner that
 * receives the job meanwhile reads it there. All arguments are borrowed.
 */
export async function stopIssue(options: StopOptions): Promise<StopResult> {
  const { queue, store, redis, jobId } = options;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const job = await queue.getJob(jobId);
    const [where, record] = await Promise.all([job?.getState() ?? ("unknown" as const), store.read(jobId)]);
    const plan = planStop(where, record, job?.attemptsMade ?? 0);
    switch (plan) {
      case "unknown":
      case "ended": {
        const event = await unusedLabel(options, where, record);
        if (event === null) return nothingToStop(plan, record);
        if (!(await useUp(options, record, event))) continue;
        return record.state === null ? { kind: "stopped", from: null } : { kind: "kept", state: record.state };
      }
      case "changed":
        await sleep(RETRY_MS); // The other process has written the record, and is about to move the job.
        continue;
      case "runner":
      case "queue": {
        if (!(await ask(options, record))) continue;
        await redis.sadd(STOPS_KEY, jobId);
        if (plan === "queue") {
          if ((await endInQueue(options)) === "stopped") return { kind: "stopped", from: record.state };
          continue;
        }
        await redis.publish(COMMANDS_CHANNEL, jobId);
        return { kind: "stopping", runner: record.run.runner };
      }
      default:
        return plan satisfies never;
    }
  }
  return { kind: "changed" };
}

function nothingToStop(plan: "unknown" | "ended", { state, end: { outcome } }: IssueRecord): StopResult {
  if (plan === "unknown") return { kind: "unknown" };
  return { kind: "ended", state: isEnded(state) ? (state ?? "stopped") : (outcome ?? "stopped") };
}

/** Return the id of the event of a label that would start the issue at the scheduler's next poll; null: there is none. */
async function unusedLabel(
  { labelOn }: Pick<StopOptions, "labelOn">,
  job: JobState,
  { state, command: { stop }, label: { event: labelEvent } }: IssueRecord,
): Promise<number | null> {
  // Only for an issue that is at rest: a running or waiting issue marks its newest label as used when it ends, and the report of a stop
  // does so too.
  const isAtRest =
    ["completed", "failed", "unknown"].includes(job) && (state === null || isEnded(state)) && stop === null;
  const event = isAtRest ? ((await labelOn?.()) ?? null) : null;
  return event !== null && (state === null || event > labelEvent) ? event : null;
}

/**
 * Mark the label as used, so that it starts no run. The scheduler compares the state and `label.notRemoved` when it queues an issue,
 * so only one of the two can succeed. False: the issue has changed.
 */
async function useUp(options: StopOptions, record: IssueRecord, event: number): Promise<boolean> {
  const { store, redis, jobId, by, now } = options;
  const entry = { issue: jobId, from: record.state ?? ("" as const), by, evidence: { label_event: event } };
  if (record.state !== null) {
    const patch = { "label.event": event, "label.notRemoved": event };
    return store.writeIf(jobId, expectSame(record), patch, {
      ...entry,
      event: "label:used",
      reason: "stopped before it was queued",
    });
  }
  const stop = stopWords(options);
  const since = new Date(now).toISOString();
  const patch: IssuePatch = {
    state: "stopped",
    since,
    "end.outcome": "stopped",
    "end.reason": stop,
    "command.stop": stop,
    "label.event": event,
  };
  await redis.sadd(STOPS_KEY, jobId);
  return store.writeIf(jobId, expectSame(record), patch, { ...entry, event: "issue:stopped", reason: stop });
}

function stopWords({ by, reason }: Pick<StopOptions, "by" | "reason">): string {
  return `stopped by ${by}${reason === null ? "" : `: ${reason}`}`.slice(0, MAX_REASON_LENGTH).toWellFormed();
}

/** Write the command, and log it once. False: the issue has changed. */
async function ask({ store, jobId, by, reason, kill }: StopOptions, record: IssueRecord): Promise<boolean> {
  const firmer = kill && record.command.stopMode !== "kill";
  if (record.command.stop !== null && !firmer) return true;
  const stop = record.command.stop ?? stopWords({ by, reason });
  const patch: IssuePatch = { "command.stop": stop, ...(kill ? { "command.stopMode": "kill" as const } : {}) };
  return store.writeIf(jobId, expectSame(record), patch, {
    event: "stop:requested",
    issue: jobId,
    from: record.state ?? "",
    by,
    reason: kill ? "immediate stop requested" : "stop requested",
    evidence: { command: kill ? "kill" : "stop", why: reason },
  });
}

/**
 * End an issue that has a stop command and whose job no runner has. The record is written first: a runner that receives the job before
 * it is removed finds the end there, and only closes the job. `command.stop` remains until the stop is reported on GitHub.
 */
export async function endInQueue(
  given: Pick<StopOptions, "queue" | "store" | "jobId" | "by" | "now">,
): Promise<"stopped" | "taken" | "ended" | "changed"> {
  const { queue, store, jobId, by, now } = given;
  const job = await queue.getJob(jobId);
  const [where, record] = await Promise.all([job?.getState() ?? ("unknown" as const), store.read(jobId)]);
  const attemptsMade = job?.attemptsMade ?? 0;
  const plan = planStop(where, record, attemptsMade);
  if (plan === "runner") return "taken";
  if (plan === "ended") return "ended";
  if (plan !== "queue" || record.command.stop === null) return "changed";
  const patch: IssuePatch = {
    state: "stopped",
    since: new Date(now).toISOString(),
    "end.outcome": "stopped",
    "end.run": record.agent.run,
    "end.reason": record.command.stop,
    "run.id": null,
    "run.runner": null,
    "command.cancel": null,
    "end.attempt": attemptsMade,
    ...(job === undefined ? {} : { "job.snapshot": snapshotOf(job) }),
  };
  const event = {
    event: "issue:stopped" as const,
    issue: jobId,
    from: record.state ?? ("" as const),
    by,
    reason: record.command.stop,
    evidence: {
      sinceBegunMs: record.round.queuedAt === null ? null : now - Date.parse(record.round.queuedAt),
      sha: record.branch.published,
    },
  };
  if (!(await store.writeIf(jobId, expectSame(record), patch, event))) return "changed";
  try {
    await job?.remove();
  } catch {
    // A runner has just received the job, and closes it.
  }
  return "stopped";
}

/**
 * Remove an issue from the list of stops, unless a stop still has to be done or reported. KEYS: stops, the issue's hash. ARGV: job id.
 */
const CROSS_OFF = `
if redis.call('HEXISTS', KEYS[2], '${fieldOf("command.stop")}') == 1 then return 0 end
return redis.call('SREM', KEYS[1], ARGV[1])`;

/** Remove an issue from the list of stops if nothing remains to do. The script checks again, because a user may have stopped it meanwhile. */
export async function removeFinishedStop(redis: Redis, jobId: string): Promise<void> {
  await redis.eval(CROSS_OFF, 2, STOPS_KEY, issueKey(jobId), jobId);
}

function snapshotOf({ name, data, opts, priority }: Job<JobData>): NonNullable<IssueRecord["job"]["snapshot"]> {
  return { name, data, priority, attempts: opts.attempts ?? 1 };
}

function expectSame({ run: { id: run }, state }: IssueRecord) {
  return { "run.id": run ?? "", state: state ?? "" };
}
