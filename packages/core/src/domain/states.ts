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
