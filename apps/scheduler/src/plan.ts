import { type IssueRef, jobIdOf, parseJobId } from "@tac8/core/domain/reference";
import { isDeferral, runsOnOf } from "@tac8/core/domain/placement";
import { priorityOf, queuePriority, type Priority } from "@tac8/core/domain/priority";
import { isReply } from "@tac8/core/domain/marker";
import { isEnded } from "@tac8/core/domain/states";
import type { Comment, Issue, IssueResult, IssueEvent } from "@tac8/core/github/types";
import type { RecordPart, RecordPath } from "@tac8/core/state/issueState";

/** The fields of an issue's record that the plan and its actions need. Each poll reads them for every job of the queue. */
export const PLAN_FIELDS = [
  "state",
  "since",
  "checkpoint",
  "label.event",
  "label.notRemoved",
  "round.admitted",
  "round.retriedAt",
  "agent.runCount",
  "statusComment",
  "question.commentId",
  "question.reply",
  "work.withheld",
  "work.allowed",
  "end.outcome",
  "end.failure",
  "end.reason",
  "command.stop",
  "command.cancel",
  "job.runsOn",
  "job.hold",
] as const satisfies readonly RecordPath[];
export type PlanRecord = RecordPart<(typeof PLAN_FIELDS)[number]>;

/** A job of the queue, and the record of its issue. `where`: null if the queue has no such job. */
export interface KnownJob {
  readonly jobId: string;
  readonly where: "waiting" | "delayed" | "active" | "finished" | null;
  /** BullMQ's number. */
  readonly priority: number;
  readonly record: PlanRecord;
}

export interface RepositorySnapshot {
  readonly owner: string;
  readonly repo: string;
  readonly repositoryId: number;
  readonly label: string;
  /** Label with which users allow the publication of withheld work. */
  readonly allowLabel: string;
  /** Open issues with the label, pull requests left out. */
  readonly labelled: readonly Issue[];
  /** The queue's jobs of this repository, and one for each labelled issue. */
  readonly jobs: readonly KnownJob[];
}

/** Results of the lookups on GitHub: `lookupsFor` names only those that can change the plan. */
export interface LookupResults {
  /** Id of the newest `labeled` event, by job id: for labelled issues that ended. Null: there is none. */
  readonly events: ReadonlyMap<string, number | null>;
  /** The issue by job id, for jobs whose issue is no longer in the list. */
  readonly issues: ReadonlyMap<string, IssueResult>;
  /** Comments since the oldest open question. */
  readonly comments: readonly Comment[];
  /** Newest event of the label that allows the publication, by job id, for issues with withheld work. */
  readonly allowances: ReadonlyMap<string, IssueEvent>;
  /** Trusted accounts among the authors of the comments and the actors of the label events: logins in lower case. */
  readonly trusted: ReadonlySet<string>;
}

/** Lookups on GitHub about single issues. */
export interface Lookups {
  readonly events: readonly IssueRef[];
  readonly issues: readonly IssueRef[];
  readonly allowances: readonly IssueRef[];
  /** Ask for comments since this time (ISO); null: there is no open question. */
  readonly commentsSince: string | null;
}

/**
 * Kind of GitHub's event that ends the work. `lookUpActor` asks GitHub which account caused it. Null in an action: GitHub has no such event,
 * because the issue was transferred or deleted.
 */
export type EndingEvent = "closed" | "unlabeled";

export type Action =
  | {
      readonly do: "add";
      readonly job: KnownJob;
      readonly issue: Issue;
      readonly priority: Priority;
      /** Id of the label event that starts the work; null: the run reads it from GitHub. */
      readonly labelEvent: number | null;
    }
  /** The job is missing or finished in the queue, but the issue has not ended. The new job continues its work. */
  | { readonly do: "add-lost-job"; readonly job: KnownJob; readonly issue: Issue; readonly priority: Priority }
  | { readonly do: "reprioritize"; readonly job: KnownJob; readonly priority: number }
  /** The runner labels that the issue needs have changed. */
  | { readonly do: "set-runner-labels"; readonly job: KnownJob; readonly runsOn: readonly string[] }
  | {
      readonly do: "withdraw";
      readonly job: KnownJob;
      readonly reason: string;
      readonly endingEvent: EndingEvent | null;
    }
  /** The runner that has the job, or the next one, ends the work. */
  | { readonly do: "cancel"; readonly job: KnownJob; readonly reason: string; readonly endingEvent: EndingEvent | null }
  /** The issue is open and labelled again before a runner ended the work, so the cancellation is removed. */
  | { readonly do: "uncancel"; readonly job: KnownJob }
  | { readonly do: "record-reply"; readonly job: KnownJob; readonly comments: readonly Comment[] }
  /** Withheld work: a trusted account has added the label that allows its publication. */
  | { readonly do: "allow"; readonly job: KnownJob; readonly event: IssueEvent }
  /** The record has a reply, a permission or a command, but the job is still delayed. */
  | { readonly do: "wake"; readonly job: KnownJob }
  /** The label could not be removed when the run ended. */
  | { readonly do: "unlabel"; readonly job: KnownJob; readonly number: number };

/** Return the lookups on GitHub that the plan needs. Pure. */
export function lookupsFor(snapshot: RepositorySnapshot): Lookups {
  const labelled = labelledByJob(snapshot);
  const refOf = (number: number) => ({ owner: snapshot.owner, repo: snapshot.repo, number });
  const events = snapshot.jobs.filter(
    (job) => isEndedWithoutLiveJob(job) && !isStopUnreported(job) && labelled.has(job.jobId),
  );
  const issues = snapshot.jobs.filter(
    (job) => isLive(job) && !labelled.has(job.jobId) && job.record.command.cancel === null && !isReporting(job),
  );
  const open = snapshot.jobs.filter(waitsForResponse).map(({ record }) => Date.parse(record.since ?? ""));
  return {
    events: events.map(({ jobId }) => refOf(labelled.get(jobId)?.number ?? 0)),
    issues: issues.map((job) => refOf(numberOf(job))),
    allowances: snapshot.jobs.filter(isWithheld).map((job) => refOf(numberOf(job))),
    commentsSince: open.length === 0 ? null : hourBefore(Math.min(...open)),
  };
}

/** Return the accounts whose permission decides: authors of possible replies, and actors of the label that allows. Pure. */
export function decidingAccounts(
  snapshot: RepositorySnapshot,
  { comments, allowances }: Pick<LookupResults, "comments" | "allowances">,
): string[] {
  const replies = snapshot.jobs.flatMap((job) => repliesTo(job, comments).map(({ author }) => author.login));
  const labels = snapshot.jobs.flatMap((job) => allowanceSinceWithheld(job, allowances)?.actor ?? []);
  return [...new Set([...replies, ...labels].map((login) => login.toLowerCase()))];
}

/** Return the actions for one repository: the whole policy of the scheduler. Pure. */
export function plan(snapshot: RepositorySnapshot, results: LookupResults): Action[] {
  const labelled = labelledByJob(snapshot);
  const actions = snapshot.jobs.flatMap((job): Action[] => {
    const issue = labelled.get(job.jobId);
    if (!isLive(job)) return issue === undefined ? [] : withoutLiveJob(job, issue, results);
    const facts = { ...results, allowLabel: snapshot.allowLabel };
    if (issue === undefined) return withoutLabel(job, facts, snapshot.label);
    return [
      ...forCommands(job),
      ...forResponses(job, issue, facts),
      ...forRunnerLabels(job, issue),
      ...forPriority(job, issue),
    ];
  });
  // A free runner receives the first job in the queue, so the most urgent job is added first.
  return actions.toSorted((a, b) => queueOrder(a) - queueOrder(b));
}

/** Return the action's order in the queue: the smallest is first. */
function queueOrder(action: Action): number {
  return "issue" in action ? queuePriority(action.priority, false) : 0;
}

/** Actions for a labelled issue without a waiting, delayed or active job. */
function withoutLiveJob(job: KnownJob, issue: Issue, { events }: LookupResults): Action[] {
  const priority = priorityOf(issue.labels);
  // The run itself reads the event from GitHub: one request per start instead of one per poll.
  if (job.record.state === null) return [{ do: "add", job, issue, priority, labelEvent: null }];
  if (!isEndedWithoutLiveJob(job)) return [{ do: "add-lost-job", job, issue, priority }];
  if (isStopUnreported(job)) return [];
  const event = events.get(job.jobId) ?? null;
  if (event === null) return [];
  if (event > job.record.label.event) return [{ do: "add", job, issue, priority, labelEvent: event }];
  return job.record.label.notRemoved === event ? [{ do: "unlabel", job, number: issue.number }] : [];
}

function forRunnerLabels(job: KnownJob, issue: Issue): Action[] {
  const runsOn = runsOnOf(issue.labels);
  const recorded = job.record.job.runsOn ?? [];
  return job.where === "active" || runsOn.join() === recorded.join() ? [] : [{ do: "set-runner-labels", job, runsOn }];
}

function forPriority(job: KnownJob, issue: Issue): Action[] {
  if (job.where === "active") return [];
  // A deferred job was at the head of the queue before, so it is placed before new work of its priority.
  const beforeNewWork = job.record.agent.runCount > 0 || isDeferral(job.record.job.hold);
  const wanted = queuePriority(priorityOf(issue.labels), beforeNewWork);
  return job.priority === wanted ? [] : [{ do: "reprioritize", job, priority: wanted }];
}

function forCommands(job: KnownJob): Action[] {
  if (job.record.command.cancel !== null && !hasEnd(job) && job.where !== "active") return [{ do: "uncancel", job }];
  return mustWake(job) ? [{ do: "wake", job }] : [];
}

/** The results of the lookups, and the name of the label with which users answer a question about withheld work. */
type LookupFacts = LookupResults & Pick<RepositorySnapshot, "allowLabel">;

/** Actions for a reply or a permission. A permission takes precedence, because it needs no agent. */
function forResponses(job: KnownJob, issue: Pick<Issue, "labels"> | null, facts: LookupFacts): Action[] {
  const allowed = issue === null ? [] : forAllowed(job, issue, facts);
  return allowed.length > 0 ? allowed : forReplied(job, facts);
}

function forAllowed(
  job: KnownJob,
  { labels }: Pick<Issue, "labels">,
  { allowances, trusted, allowLabel }: LookupFacts,
): Action[] {
  const event = allowanceSinceWithheld(job, allowances);
  const isOnIssue = labels.some((name) => name.toLowerCase() === allowLabel.toLowerCase());
  return event !== null && isOnIssue && trusted.has(event.actor.toLowerCase()) ? [{ do: "allow", job, event }] : [];
}

/** Return the event of the label that allows; null: the label was never added, or only before the work was withheld. */
function allowanceSinceWithheld(job: KnownJob, allowances: LookupResults["allowances"]): IssueEvent | null {
  const event = allowances.get(job.jobId);
  return event !== undefined && isWithheld(job) && event.id > (job.record.work.withheld?.event ?? 0) ? event : null;
}

function forReplied(job: KnownJob, { comments, trusted }: LookupResults): Action[] {
  const replies = repliesTo(job, comments).filter(({ author }) => trusted.has(author.login.toLowerCase()));
  return replies.length === 0 ? [] : [{ do: "record-reply", job, comments: replies }];
}

function repliesTo(job: KnownJob, comments: readonly Comment[]): Comment[] {
  if (!waitsForResponse(job)) return [];
  const number = numberOf(job);
  return comments.filter(
    (comment) => comment.issueNumber === number && isReply(comment, job.record.question.commentId ?? Infinity),
  );
}

/** Actions for an issue that is not in the list. An issue that a user retried needs no label, and its agent may ask a question. */
function withoutLabel(job: KnownJob, facts: LookupFacts, label: string): Action[] {
  if (mustWake(job)) return [{ do: "wake", job }];
  const ended = forEnding(job, facts, label);
  if (ended.length > 0) return ended;
  const result = facts.issues.get(job.jobId);
  return forResponses(job, result?.kind === "found" ? result.issue : null, facts);
}

/**
 * Actions that end the work on an issue that is missing from the list. The list may lack an open issue if a page of it changed while it was
 * read, so tac8 reads the issue itself.
 */
function forEnding(job: KnownJob, { issues }: LookupResults, label: string): Action[] {
  if (job.record.command.cancel !== null) return [];
  const result = issues.get(job.jobId);
  const ending = result === undefined ? null : endingOf(result, label);
  if (ending === null) return [];
  if (!ending.closed && job.record.round.retriedAt !== null) return []; // A retried issue needs no label.
  const { reason, endingEvent } = ending;
  if (job.where === "active") return ending.closed ? [{ do: "cancel", job, reason, endingEvent }] : [];
  // A run has already shown something on GitHub, so a runner has to end the work and report it.
  const isShownOnGitHub = job.record.statusComment !== null || job.record.agent.runCount > 0;
  return [{ do: isShownOnGitHub ? "cancel" : "withdraw", job, reason, endingEvent }];
}

/** Why work on an issue ends. `closed`: the issue was closed, transferred or deleted; false: only its label was removed. */
interface Ending {
  readonly reason: string;
  readonly closed: boolean;
  readonly endingEvent: EndingEvent | null;
}

/** Return why the issue ends; null: it is still open and labelled. */
function endingOf(result: IssueResult, label: string): Ending | null {
  switch (result.kind) {
    case "moved":
      return { reason: `the issue was transferred to ${result.to}`, closed: true, endingEvent: null };
    case "missing":
      return { reason: "the issue was deleted", closed: true, endingEvent: null };
    case "found": {
      const { issue } = result;
      if (issue.state === "closed") return { reason: "the issue was closed", closed: true, endingEvent: "closed" };
      const isLabelled = issue.labels.some((name) => name.toLowerCase() === label.toLowerCase());
      return isLabelled ? null : { reason: "the label was removed", closed: false, endingEvent: "unlabeled" };
    }
    default:
      return result satisfies never;
  }
}

function labelledByJob({ owner, repo, labelled }: RepositorySnapshot): Map<string, Issue> {
  return new Map(labelled.map((issue) => [jobIdOf({ owner, repo, number: issue.number }), issue]));
}

function numberOf({ jobId }: KnownJob): number {
  return parseJobId(jobId)?.number ?? 0;
}

function isLive({ where }: KnownJob): boolean {
  return where === "waiting" || where === "delayed" || where === "active";
}

function isEndedWithoutLiveJob(job: KnownJob): boolean {
  return !isLive(job) && isEnded(job.record.state);
}

/** Whether the issue was stopped without a runner, and the stop is not reported on GitHub yet: stops.ts. */
function isStopUnreported({ record }: KnownJob): boolean {
  return record.state === "stopped" && record.command.stop !== null;
}

/** Whether the job must be woken: the record has a reply, a permission or a command, but the job is still delayed. */
function mustWake(job: KnownJob): boolean {
  const { state, question, work, command } = job.record;
  if (job.where !== "delayed") return false;
  const isAnswered = state === "blocked" && (question.reply ?? work.allowed) !== null;
  return isAnswered || ((command.cancel ?? command.stop) !== null && !hasEnd(job));
}

/** Whether the run has decided the end and is removing the label. Events on the issue no longer change that end. */
function isReporting(job: KnownJob): boolean {
  return job.where === "active" && hasEnd(job);
}

/** Whether a run has decided the end of the issue. A question is no end. */
function hasEnd({ record }: KnownJob): boolean {
  return record.end.outcome !== null && record.end.outcome !== "blocked";
}

/** Return whether the issue waits for a response: to its agent's question, or to tac8's comment about withheld work. */
function waitsForResponse({ where, record }: KnownJob): boolean {
  const hasResponse = record.question.reply !== null || record.work.allowed !== null;
  return where === "delayed" && record.state === "blocked" && record.question.commentId !== null && !hasResponse;
}

function isWithheld(job: KnownJob): boolean {
  return waitsForResponse(job) && job.record.work.withheld?.canAllow === true;
}

/** Round down to the hour, minus one hour for differing clocks. So polls have the same URL, and GitHub can answer 304. */
function hourBefore(at: number): string {
  const hour = 3_600_000;
  const floor = Number.isFinite(at) ? Math.floor(at / hour) * hour - hour : 0;
  return new Date(floor).toISOString().replace(".000Z", "Z");
}
