import type { EncodedAgentEvidence } from "./agentEvidence.ts";
import type { FailureKind } from "./failures.ts";
import type { Priority } from "./priority.ts";
import type { IssueState, Outcome } from "./states.ts";

type Value = string | number | null;

/** Facts of the end of an issue, reported by its runner. */
interface EndFacts {
  readonly pr: number | null;
  readonly sha: string | null;
  readonly failure: FailureKind | null;
  /** Id of the comment with the question. */
  readonly question: number | null;
  /** Why GitHub refused the comments of this end; null: it accepted them. */
  readonly silent: string | null;
  /** Why GitHub refused the labels of this end; null: it accepted them. */
  readonly unlabelled: string | null;
  /** Time from queueing to this end; null: unknown. */
  readonly sinceBegunMs: number | null;
  /** 1: the pull request was already open. */
  readonly updated?: 1;
}

/** The account that closed the issue or removed its label, if GitHub reports it. */
interface ActorFacts {
  readonly actor?: string;
  readonly at?: string;
  readonly event?: number;
}

interface NoFacts {
  readonly run?: string;
}

/**
 * Facts of each event, by its name `subject:verb`. A runner adds `run`, the id of its run, to every event of an issue. What each
 * event means for counts, reports and notifications: eventMeaning.ts.
 */
export interface EventFacts {
  /** Queued because of a label. `label_event`: null for an issue that is not in Redis. */
  "issue:queued": { readonly priority: Priority; readonly label_event: number | null };
  /** Queued again by a user. The facts are those of the former end. */
  "issue:retried": { readonly failure: FailureKind | null; readonly outcome: Outcome | null };
  /** Requeued by its runner, without using an attempt. */
  "issue:requeued": NoFacts;
  "run:started": { readonly attempt: number; readonly waitedMs: number | null };
  /** An attempt failed, and another one follows. */
  "attempt:failed": { readonly failure: FailureKind };
  /** `parked`: how many times in a row. */
  "issue:parked": { readonly failure: FailureKind; readonly parked: number };
  "issue:blocked": EndFacts;
  "issue:published": EndFacts;
  /** The agent changed nothing, and its answer is a comment on the issue. */
  "issue:answered": EndFacts;
  "issue:failed": EndFacts;
  "issue:cancelled": EndFacts;
  "issue:expired": EndFacts;
  /** Stopped while a runner had it; while it waited in the queue; or before it was queued. */
  "issue:stopped": EndFacts | Pick<EndFacts, "sinceBegunMs" | "sha"> | { readonly label_event: number };
  "issue:withdrawn": EndFacts | ActorFacts;
  /** The issue ends as failed without a failed run, because an account without permission added its label. */
  "label:refused": EndFacts;
  /** A user replied to the agent's question on the issue. */
  "question:answered": { readonly comment: number };
  /** A user's label allowed the publication of withheld work. */
  "publication:allowed": { readonly label_event: number };
  "agent:ended": EncodedAgentEvidence;
  "hold:begun": { readonly name: string; readonly until: number | null };
  "hold:ended": { readonly name: string };
  "run:lost": { readonly lost: string | null };
  /** Finished work was found neither in its workspace nor on GitHub. */
  "work:missing": NoFacts;
  /** The issue had a state but no job, so its job is added again. */
  "job:lost": NoFacts;
  "cancel:requested": ActorFacts;
  "stop:requested": { readonly command: "stop" | "kill"; readonly why: string | null };
  /** A user ended the wait of a delayed job. */
  "wait:ended": NoFacts;
  /** A user's stop has used up a label that the scheduler had not queued yet, so this label starts no work. */
  "label:used": { readonly label_event: number };
  /** The breaker lets all jobs start again. (A closed circuit breaker lets current flow; the admission `closed` is the opposite.) */
  "breaker:closed": { readonly name: string };
  "health:changed": { readonly name: "health"; readonly level: string; readonly codes: string };
  "runner:paused": { readonly runner: string; readonly pause: "begun" };
  "runner:resumed": { readonly runner: string; readonly pause: "ended" };
  /** Numbers of removed items by kind; `kept`: number of items that were due but are kept. */
  "janitor:cleaned": { readonly [kind: string]: number };
  /** The state of an issue changed in a way that TRANSITIONS (states.ts) does not allow. */
  "state:unexpected": { readonly state: string };
  /** An entry of another version that has no name in this version. */
  "note:written": { readonly [name: string]: Value };
}
export type EventName = keyof EventFacts;

/** Name of an entry before entries had an `event`: the state after it, or one of four words. */
export type FormerName = IssueState | "hold" | "unhold" | "note" | "agent";

/**
 * The former name of each event. Entries have both names for one release, because older versions and users of `--json` read the former
 * one.
 */
const FORMER_NAMES = {
  "issue:queued": "queued",
  "issue:retried": "queued",
  "issue:requeued": "queued",
  "run:started": "running",
  "attempt:failed": "retrying",
  "issue:parked": "parked",
  "issue:blocked": "blocked",
  "issue:published": "pr",
  "issue:answered": "answered",
  "issue:failed": "failed",
  "issue:cancelled": "cancelled",
  "issue:expired": "expired",
  "issue:stopped": "stopped",
  "issue:withdrawn": "withdrawn",
  "label:refused": "failed",
  "question:answered": "blocked",
  "publication:allowed": "blocked",
  "agent:ended": "agent",
  "hold:begun": "hold",
  "hold:ended": "unhold",
  "run:lost": "note",
  "work:missing": "note",
  "job:lost": "note",
  "cancel:requested": "note",
  "stop:requested": "note",
  "wait:ended": "note",
  "label:used": "note",
  "breaker:closed": "note",
  "health:changed": "note",
  "runner:paused": "note",
  "runner:resumed": "note",
  "janitor:cleaned": "note",
  "state:unexpected": "note",
  "note:written": "note",
} as const satisfies Record<EventName, FormerName>;

export const EVENT_NAMES = Object.keys(FORMER_NAMES) as readonly EventName[];

/** Return whether this version knows an event of this name. Pure. */
export function isEventName(text: string): text is EventName {
  return Object.hasOwn(FORMER_NAMES, text);
}

/** Return the former name of an event. Pure. */
export function formerNameOf(event: EventName): FormerName {
  return FORMER_NAMES[event];
}

/** The event for each outcome of an issue. */
export const END_EVENTS = {
  pr: "issue:published",
  answered: "issue:answered",
  blocked: "issue:blocked",
  stopped: "issue:stopped",
  cancelled: "issue:cancelled",
  withdrawn: "issue:withdrawn",
  failed: "issue:failed",
  expired: "issue:expired",
} as const satisfies Record<Outcome, EventName>;

interface Common {
  /** Job id; empty: the event concerns the whole queue. */
  readonly issue: string;
  /** State of the issue before the event; empty: none. */
  readonly from: IssueState | "";
  /** The process or user that caused it, such as `runner pi-1/0` or `scheduler`. */
  readonly by: string;
  readonly reason: string;
}

/** An event to be logged: one entry, with the facts of its name. */
export type NewEvent = {
  [Name in EventName]: Common & {
    readonly event: Name;
    readonly evidence: EventFacts[Name] & { readonly run?: string };
  };
}[EventName];

/** The part of an event that a run provides. The rest is the same for all events of the run. */
export type EventDescription = {
  [Name in EventName]: Pick<Extract<NewEvent, { event: Name }>, "event" | "reason" | "evidence">;
}[EventName];

/** An entry of the event log. Agents without isolation can write to Redis, so validate each fact. */
export interface LoggedEvent extends Common {
  /** Stream id, which increases with time. */
  readonly id: string;
  /** ISO time, by Redis's clock. */
  readonly at: string;
  readonly event: EventName;
  /** The former name of `event`, for one release. */
  readonly to: FormerName;
  readonly evidence: Readonly<Record<string, Value>>;
}
