/**
 * Life of an issue. Who moves it:
 *
 *   queued, withdrawn, expired               the scheduler
 *   running, retrying, parked, blocked       the runner that holds the job
 *   pr, answered, stopped, cancelled, failed the runner that holds the job
 *
 * `parked` waits without a slot and without burning an attempt; `blocked` is parked until a person answers.
 * `answered`: the agent changed nothing and explained why; its words are on the issue.
 */
export const ISSUE_STATES = [
  "queued",
  "running",
  "retrying",
  "parked",
  "blocked",
  "pr",
  "answered",
  "stopped",
  "cancelled",
  "failed",
  "withdrawn",
  "expired",
] as const;
export type IssueState = (typeof ISSUE_STATES)[number];

const ENDED: readonly IssueState[] = ["pr", "answered", "stopped", "cancelled", "failed", "withdrawn", "expired"];

/** Of an issue that a runner may have, or may get. */
const GOES_ON = ["queued", "running", "retrying", "parked", "blocked"] as const;
/** Ends that a run may come to from any of these. */
const ENDS = ["pr", "stopped", "cancelled", "failed", "withdrawn"] as const;
/** A new label or a user's retry queues it again. One that Bull Board has put back may be stopped or withdrawn before a run. */
const AGAIN = ["queued", "stopped", "withdrawn"] as const;

/**
 * The states that may follow each state. The script that writes a state (`state/issueStore.ts`) checks it by this table. "": the
 * record has no state, because the issue is new, or Redis was emptied or damaged: then nothing is known of it. To write the same
 * state again is no transition.
 */
export const TRANSITIONS: Readonly<Record<IssueState | "", readonly IssueState[]>> = {
  "": ISSUE_STATES,
  queued: [...GOES_ON, ...ENDS, "answered", "expired"],
  running: [...GOES_ON, ...ENDS, "answered"],
  retrying: [...GOES_ON, ...ENDS, "answered"],
  parked: [...GOES_ON, ...ENDS, "answered", "expired"],
  blocked: [...GOES_ON, ...ENDS, "expired"],
  pr: AGAIN,
  answered: AGAIN,
  stopped: AGAIN,
  cancelled: AGAIN,
  failed: AGAIN,
  expired: AGAIN,
  // A runner may have taken its job in the same moment.
  withdrawn: ["queued", "running", "retrying", "parked", "stopped", "cancelled", "failed"],
};

/** Nothing happens to an ended issue until a new label event or a retry by a person. */
export function isEnded(state: IssueState | null): boolean {
  return state !== null && ENDED.includes(state);
}

/** Did the agent come to a good end of its own, all of which is on GitHub? */
export function endedWell(state: string | null): boolean {
  return state === "pr" || state === "answered";
}

/**
 * Checkpoints of a run, each written before the next step begins: a retry starts at the first step that is not done.
 * `none → prepared → worked → published`, and `report` ends the run.
 */
export const CHECKPOINTS = ["none", "prepared", "worked", "published"] as const;
export type Checkpoint = (typeof CHECKPOINTS)[number];

export function reached(at: Checkpoint, wanted: Checkpoint): boolean {
  return CHECKPOINTS.indexOf(at) >= CHECKPOINTS.indexOf(wanted);
}

/** How a run ended for the issue; a retry or a parking is no end. */
export const OUTCOMES = [
  "pr",
  "answered",
  "blocked",
  "stopped",
  "cancelled",
  "withdrawn",
  "failed",
  "expired",
] as const;
export type Outcome = (typeof OUTCOMES)[number];
