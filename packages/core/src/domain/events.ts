import type { EncodedAgentEvidence } from "./agentEvidence.ts";
import type { FailureKind } from "./failures.ts";
import type { Priority } from "./priority.ts";
import type { IssueState, Outcome } from "./states.ts";

type Value = string | number | null;

/** Facts of an issue's end that its runner reports. */
interface EndFacts {
  readonly pr: number | null;
  readonly sha: string | null;
  readonly failure: FailureKind | null;
  /** Comment of the question. */
  readonly question: number | null;
  /** Why GitHub refused the comments, and the labels; null: it took them. */
  readonly silent: string | null;
  readonly unlabelled: string | null;
  /** From the queue to this end; null: not known. */
  readonly sinceBegunMs: number | null;
  /** The pull request was open before. */
  readonly updated?: 1;
}

/** The account that closed the issue or removed its label, where GitHub named it. */
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
  /** By a label. `label_event`: null for an issue that Redis does not know. */
  "issue:queued": { readonly priority: Priority; readonly label_event: number | null };
  /** By a user. The facts are those of the end before. */
  "issue:retried": { readonly failure: FailureKind | null; readonly outcome: Outcome | null };
  /** By its runner, without an attempt. */
  "issue:requeued": NoFacts;
  "run:started": { readonly attempt: number; readonly waitedMs: number | null };
  /** It is tried again. */
  "attempt:failed": { readonly failure: FailureKind };
  /** `parked`: how often in a row. */
  "issue:parked": { readonly failure: FailureKind; readonly parked: number };
  "issue:blocked": EndFacts;
  "issue:published": EndFacts;
  /** By the agent: it changed nothing, and its words are on the issue. */
  "issue:answered": EndFacts;
  "issue:failed": EndFacts;
  "issue:cancelled": EndFacts;
  "issue:expired": EndFacts;
  /** By a runner; in the queue; or before it was queued. */
  "issue:stopped": EndFacts | Pick<EndFacts, "sinceBegunMs" | "sha"> | { readonly label_event: number };
  "issue:withdrawn": EndFacts | ActorFacts;
  /** The issue ends as failed, and no run has failed: its label was added by an account that may not start work. */
  "label:refused": EndFacts;
  /** By a user, to an agent's question: a reply on the issue. */
  "question:answered": { readonly comment: number };
  /** By a user's label: finished work that was withheld. */
  "publication:allowed": { readonly label_event: number };
  "agent:ended": EncodedAgentEvidence;
  "hold:begun": { readonly name: string; readonly until: number | null };
  "hold:ended": { readonly name: string };
  "run:lost": { readonly lost: string | null };
  /** Finished work is neither in its workspace nor on GitHub. */
  "work:missing": NoFacts;
  /** The issue had a state but no job: it gets another one. */
  "job:lost": NoFacts;
  "cancel:requested": ActorFacts;
  "stop:requested": { readonly command: "stop" | "kill"; readonly why: string | null };
  /** A user ended the wait of a delayed job. */
  "wait:ended": NoFacts;
  /** A user stopped an issue whose new label the scheduler had not seen yet. */
  "label:used": { readonly label_event: number };
  "breaker:closed": { readonly name: string };
  "health:changed": { readonly name: "health"; readonly level: string; readonly codes: string };
  "runner:paused": { readonly runner: string; readonly pause: "begun" };
  "runner:resumed": { readonly runner: string; readonly pause: "ended" };
  /** Numbers of removed items by kind; `kept`: items that stay. */
  "janitor:cleaned": { readonly [kind: string]: number };
  /** The state of an issue changed in a way that TRANSITIONS (states.ts) does not have. */
  "state:unexpected": { readonly state: string };
  /** An entry of another version that has no other name. */
  "note:written": { readonly [name: string]: Value };
}
export type EventName = keyof EventFacts;

/** How entries were named before they had an `event`: the state after it, or one of four words. */
export type FormerName = IssueState | "hold" | "unhold" | "note" | "agent";

/**
 * The former name of each event. Entries carry both for one release: older versions read the former one, and so do users of
 * `--json`.
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

/** Pure. */
export function isEventName(text: string): text is EventName {
  return Object.hasOwn(FORMER_NAMES, text);
}

/** Pure. */
export function formerNameOf(event: EventName): FormerName {
  return FORMER_NAMES[event];
}

/** The event of each end of an issue. */
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
  /** Job id; empty for what concerns the whole queue. */
  readonly issue: string;
  /** The issue's state before it; empty for none. */
  readonly from: IssueState | "";
  /** Which process or user, such as `runner pi-1/0` or `scheduler`. */
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

/** What a run says of an event: the rest is the same for all of its events. */
export type EventWords = {
  [Name in EventName]: Pick<Extract<NewEvent, { event: Name }>, "event" | "reason" | "evidence">;
}[EventName];

/** An entry of the log. Agents without isolation can write to Redis, so facts are what anyone has written: check each. */
export interface LoggedEvent extends Common {
  /** Stream id; rises with time. */
  readonly id: string;
  /** ISO time, Redis' own clock. */
  readonly at: string;
  readonly event: EventName;
  /** The former name of `event`, for one release. */
  readonly to: FormerName;
  readonly evidence: Readonly<Record<string, Value>>;
}
