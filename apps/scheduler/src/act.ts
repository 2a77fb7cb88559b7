import { endDelay } from "@tac8/core/queue/wake";
import { Job, type Queue } from "bullmq";
import type { GitHub } from "@tac8/core/github/client";
import type { Logger } from "@tac8/core/log/logger";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import { appendEvent } from "@tac8/core/state/events";
import type { IssueStore } from "@tac8/core/state/issueStore";
import { rankDeferred } from "@tac8/core/state/permits";
import { reopen } from "@tac8/core/state/reopen";
import type { EventDescription, NewEvent } from "@tac8/core/domain/events";
import { isDeferral, runsOnOf } from "@tac8/core/domain/placement";
import { parseJobId } from "@tac8/core/domain/reference";
import type { Redis } from "ioredis";
import { postQueued, postWithdrawn, type QueuedComments } from "./queuedComment.ts";
import { enqueue, removeEnded } from "./jobs.ts";
import type { Action, KnownJob, RepositorySnapshot } from "./plan.ts";
import { lookUpActor, type LookupBudget } from "./actorLookup.ts";
import { EVENT_SOURCE } from "./eventSource.ts";

export interface ActServices {
  readonly queue: Queue<JobData, JobResult>;
  readonly redis: Redis;
  readonly store: IssueStore;
  readonly github: GitHub;
  /** Account of the token. Null for an app's account until its first comment is posted. */
  readonly login: string | null;
  /** Accounts whose labels count although they cannot write. */
  readonly trustedUsers: readonly string[];
  readonly log: Logger;
  readonly attempts: number;
  readonly comments: QueuedComments;
  readonly lookupBudget: LookupBudget;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

type Of<Do extends Action["do"]> = Extract<Action, { do: Do }>;

/**
 * Carry out one action of the plan. The actions that would be wrong for an issue that has changed meanwhile (`add`, `withdraw`,
 * `record-reply`, `allow`, `uncancel`) are written only if the record still has the values that the plan read. The others are harmless
 * then. The record is written before the job is moved, so if the scheduler dies in between, the next poll sees the difference and repairs it.
 */
export async function act(services: ActServices, snapshot: RepositorySnapshot, action: Action): Promise<void> {
  const { log, store } = services;
  const { jobId } = action.job;
  switch (action.do) {
    case "add":
      return add(services, snapshot, action);
    case "add-lost-job":
      return addLostJob(services, snapshot, action);
    case "reprioritize": {
      const job = await Job.fromId<JobData, JobResult>(services.queue, jobId);
      await job?.changePriority({ priority: action.priority });
      if (job !== undefined && isDeferral(action.job.record.job.hold)) {
        const { hold } = action.job.record.job;
        const ranked = { reason: hold ?? "", jobId, priority: action.priority, since: job.timestamp };
        await rankDeferred(services.redis, ranked);
      }
      log.info({ issue: jobId, priority: action.priority }, "changed the priority");
      return;
    }
    case "set-runner-labels":
      return setRunnerLabels(services, action);
    case "withdraw":
      return withdraw(services, snapshot, action);
    case "cancel":
      return cancel(services, snapshot, action);
    case "uncancel":
      await store.writeIf(
        jobId,
        { "run.id": "", "command.cancel": action.job.record.command.cancel ?? "" },
        { "command.cancel": null },
      );
      log.info({ issue: jobId }, "labelled again: no longer cancelled");
      return;
    case "record-reply":
      return recordReply(services, action);
    case "allow":
      return allow(services, action);
    case "wake":
      await endDelay(services.queue, jobId);
      return;
    case "unlabel":
      await services.github.removeLabel(snapshot, action.number, snapshot.label, { signal: services.signal });
      await store.writeIf(jobId, { "run.id": "" }, { "label.notRemoved": null });
      log.info({ issue: jobId }, "removed the label that an earlier run could not remove");
      return;
    default:
      return action satisfies never;
  }
}

async function add(
  services: ActServices,
  snapshot: RepositorySnapshot,
  { job, issue, priority, labelEvent }: Of<"add">,
) {
  const { store, log } = services;
  const { jobId, record } = job;
  const hasRecord = record.state !== null;
  const since = isoNow(services);
  const runsOn = runsOnOf(issue.labels);
  const patch = {
    ...(hasRecord ? reopen(record) : {}),
    state: "queued" as const,
    since,
    "round.queuedAt": since,
    "job.runsOn": runsOn.length === 0 ? null : runsOn,
  };
  const transition = eventOf(job, {
    event: "issue:queued",
    reason: hasRecord ? "labelled again" : "labelled",
    evidence: { priority, label_event: labelEvent },
  });
  // If a user stopped the issue after the plan was made, the stop has marked the label as used and changed `label.notRemoved`. Then
  // this write fails, and no run starts: queue/stop.ts.
  const expect = {
    ...expectIdle(job),
    "label.notRemoved": record.label.notRemoved === null ? "" : String(record.label.notRemoved),
  };
  if (!(await store.writeIf(jobId, expect, patch, transition))) return;
  if (!(await removeEnded(services.queue, jobId))) return;
  await postQueued(services, snapshot, { number: issue.number, since, hasRecord });
  await enqueue(services, snapshot, { issue, jobId, priority, beforeNewWork: false });
  log.info({ issue: jobId, priority }, hasRecord ? "queued again" : "queued");
}

async function setRunnerLabels(
  { store, queue, log }: ActServices,
  { job, runsOn }: Of<"set-runner-labels">,
): Promise<void> {
  const { jobId, record } = job;
  await store.writeIf(jobId, {}, { "job.runsOn": runsOn.length === 0 ? null : [...runsOn] });
  log.info({ issue: jobId, runsOn }, "changed the labels that its runner needs");
  if (job.where === "delayed" && isDeferral(record.job.hold)) await endDelay(queue, jobId);
}

async function addLostJob(
  services: ActServices,
  snapshot: RepositorySnapshot,
  { job, issue, priority }: Of<"add-lost-job">,
) {
  const { jobId, record } = job;
  if (!(await removeEnded(services.queue, jobId))) return;
  const reason = `its job was missing from the queue while it was ${record.state ?? "unknown"}`;
  await appendEvent(services.redis, eventOf(job, { event: "job:lost", reason, evidence: {} }));
  await enqueue(services, snapshot, { issue, jobId, priority, beforeNewWork: record.agent.runCount > 0 });
  services.log.warn({ issue: jobId }, `queued again: ${reason}`);
}

async function cancel(services: ActServices, snapshot: RepositorySnapshot, action: Of<"cancel">): Promise<void> {
  const { store, redis, log } = services;
  const { job } = action;
  const { reason, evidence } = await lookUpActor(services, snapshot, action);
  await store.command(job.jobId, { "command.cancel": reason });
  await appendEvent(redis, eventOf(job, { event: "cancel:requested", reason: `to be cancelled: ${reason}`, evidence }));
  if (job.where === "delayed") await endDelay(services.queue, job.jobId);
  log.info({ issue: job.jobId }, `cancelling: ${reason}`);
}

async function withdraw(services: ActServices, snapshot: RepositorySnapshot, action: Of<"withdraw">): Promise<void> {
  const { queue, store, log } = services;
  const { job } = action;
  const { jobId } = job;
  const number = parseJobId(jobId)?.number ?? 0;
  const { reason, evidence } = await lookUpActor(services, snapshot, action);
  const since = isoNow(services);
  const patch = { state: "withdrawn" as const, since };
  const transition = eventOf(job, { event: "issue:withdrawn", reason, evidence });
  if (!(await store.writeIf(jobId, expectIdle(job), patch, transition))) return;
  try {
    await (await Job.fromId<JobData, JobResult>(queue, jobId))?.remove();
  } catch (error) {
    log.info({ issue: jobId, err: error }, "a runner started the job before it could be withdrawn");
    return; // The runner reads the label itself.
  }
  log.info({ issue: jobId }, `withdrawn: ${reason}`);
  await postWithdrawn(services, snapshot, { number, since });
}

async function recordReply(services: ActServices, { job, comments }: Of<"record-reply">): Promise<void> {
  const { store, log } = services;
  const { jobId, record } = job;
  const last = comments.at(-1);
  if (last === undefined) return;
  const text = comments
    .map(({ body }) => body)
    .join("\n\n")
    .slice(0, 60_000);
  const reply = { commentId: last.id, author: last.author.login, text };
  const expect = { state: "blocked", "run.id": "", "question.commentId": String(record.question.commentId) };
  const transition = eventOf(job, {
    event: "question:answered",
    reason: `answered by ${last.author.login}`,
    evidence: { comment: last.id },
  });
  if (!(await store.writeIf(jobId, expect, { "question.reply": reply }, transition))) return;
  await endDelay(services.queue, jobId);
  log.info({ issue: jobId, by: last.author.login }, "received a reply to the question: the work continues");
}

async function allow(services: ActServices, { job, event }: Of<"allow">): Promise<void> {
  const { store, log } = services;
  const { jobId, record } = job;
  const expect = { state: "blocked", "run.id": "", "question.commentId": String(record.question.commentId) };
  const transition = eventOf(job, {
    event: "publication:allowed",
    reason: `its publication was approved by ${event.actor}`,
    evidence: { label_event: event.id },
  });
  if (!(await store.writeIf(jobId, expect, { "work.allowed": event.id }, transition))) return;
  await endDelay(services.queue, jobId);
  log.info({ issue: jobId, by: event.actor }, "approved by a label: publishing the finished work");
}

/** Return the condition that the record has no run, and the state that the plan read. */
function expectIdle({ record }: KnownJob) {
  return { "run.id": "", state: record.state ?? "" };
}

function eventOf({ jobId, record }: KnownJob, description: EventDescription): NewEvent {
  return { ...description, issue: jobId, from: record.state ?? "", by: EVENT_SOURCE };
}

function isoNow({ now }: ActServices): string {
  return new Date(now()).toISOString();
}
