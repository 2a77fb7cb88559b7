/** States of an issue whose job a runner has or may receive. */
const CONTINUES = ["queued", "running", "retrying", "parked", "blocked"] as const;

/** States in which an issue remains until a new label event or an operator's retry. */
export const ENDED_STATES = ["pr", "answered", "stopped", "cancelled", "failed", "withdrawn", "expired"] as const;
export type EndedState = (typeof ENDED_STATES)[number];

/**
 * States of an issue, and the programs that write them:
 *
 *   queued      the scheduler; a runner that requeues the job; CLI and board, for a retry
 *   withdrawn   the scheduler; the runner that has the job
 *   stopped     the runner that has the job; scheduler, CLI and board while the job waits
 *   others      the runner that has the job
 *
 * `STATE_WORDS` has the meaning of each.
 */
export const ISSUE_STATES = [...CONTINUES, ...ENDED_STATES] as const;
export type IssueState = (typeof ISSUE_STATES)[number];

interface StateWords {
  /** At the start of a sentence. */
  readonly title: string;
  /** Completes "The issue is in this state: …". */
  readonly meaning: string;
}

/**
 * Texts for each state. Commands, board, JSON and docs show the state itself, and comments on GitHub its title. The board shows the
 * meaning as a tooltip, and `docs/architecture.md` lists it.
 */
export const STATE_WORDS: Readonly<Record<IssueState, StateWords>> = {
  queued: { title: "Queued", meaning: "the issue waits in the queue" },
  running: { title: "Running", meaning: "a runner works on the issue" },
  retrying: { title: "Retrying", meaning: "an attempt failed; the next attempt starts after a delay" },
  parked: { title: "Parked", meaning: "the issue waits without a slot and without using an attempt" },
  blocked: { title: "Blocked", meaning: "the issue waits for a reply, or for a decision about withheld work" },
  pr: { title: "PR", meaning: "the work is in a pull request" },
  answered: { title: "Answered", meaning: "the agent made no changes; its answer is a comment on the issue" },
  stopped: { title: "Stopped", meaning: "a user stopped the work" },
  cancelled: {
    title: "Cancelled",
    meaning: "the issue was closed after a run began, or unlabelled between runs",
  },
  failed: { title: "Failed", meaning: "all attempts are used up, or the failure is permanent" },
  withdrawn: {
    title: "Withdrawn",
    meaning: "the issue was closed or lost its label before its first run, or its label was left from an earlier round",
  },
  expired: { title: "Expired", meaning: "the issue got no reply or permission in time" },
};

/** Return the meaning of a state; null: there is no state with this name. */
export function stateMeaning(name: string): string | null {
  const state = ISSUE_STATES.find((one) => one === name);
  return state === undefined ? null : STATE_WORDS[state].meaning;
}

/** Ended states that may follow each of these. */
const ENDS = ["pr", "stopped", "cancelled", "failed", "withdrawn"] as const;
/** A new label or a retry queues an ended issue again. If Bull Board queued its job, it may be stopped or withdrawn before a run. */
const AGAIN = ["queued", "stopped", "withdrawn"] as const;

/**
 * The states that may follow each state. The script that writes a state (`state/issueStore.ts`) checks it by this table. "": the
 * record has no state, because the issue is new, or Redis was emptied or damaged. Writing the same state again is not a transition.
 */
export const TRANSITIONS: Readonly<Record<IssueState | "", readonly IssueState[]>> = {
  "": ISSUE_STATES,
  queued: [...CONTINUES, ...ENDS, "answered", "expired"],
  running: [...CONTINUES, ...ENDS, "answered"],
  retrying: [...CONTINUES, ...ENDS, "answered"],
  parked: [...CONTINUES, ...ENDS, "answered", "expired"],
  blocked: [...CONTINUES, ...ENDS, "expired"],
  pr: AGAIN,
  answered: AGAIN,
  stopped: AGAIN,
  cancelled: AGAIN,
  failed: AGAIN,
  expired: AGAIN,
  // A runner may have received the job at the same moment.
  withdrawn: ["queued", "running", "retrying", "parked", "stopped", "cancelled", "failed"],
};

/** Return whether the issue is ended: it remains in this state until a new label event or an operator's retry. */
export function isEnded(state: IssueState | null): state is EndedState {
  return ENDED_STATES.some((ended) => ended === state);
}

/** Return whether the issue ended with a pull request or an answer, so that the whole result is on GitHub. */
export function endedWell(state: string | null): boolean {
  return state === "pr" || state === "answered";
}

/**
 * Checkpoints of a run. Each one is written before the next step begins, so that a retry starts at the first unfinished step.
 * `none → prepared → worked → published`; the step `report` ends the run.
 */
export const CHECKPOINTS = ["none", "prepared", "worked", "published"] as const;
export type Checkpoint = (typeof CHECKPOINTS)[number];

export function hasReached(at: Checkpoint, wanted: Checkpoint): boolean {
  return CHECKPOINTS.indexOf(at) >= CHECKPOINTS.indexOf(wanted);
}

/** The ways in which the work on an issue can end. A retry or a parked job is not an end. */
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
