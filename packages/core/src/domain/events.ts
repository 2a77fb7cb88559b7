import type { IssueState } from "./states.ts";

/**
 * What happened: one entry per transition of an issue, per hold begun or ended (`issue` is then empty), and per agent that
 * ended (`agent`, see agentEvidence.ts; `from` is the issue's state then).
 */
export interface TransitionEvent {
  /** Job id; empty for what concerns the whole queue. */
  readonly issue: string;
  readonly from: IssueState | "";
  readonly to: IssueState | "hold" | "unhold" | "note" | "agent";
  /** Which process or person, such as `runner pi-1/0` or `scheduler`. */
  readonly by: string;
  readonly reason: string;
  /** Facts behind it: run, pull request, failure kind, label event … */
  readonly evidence: Readonly<Record<string, string | number | null>>;
}

export interface LoggedEvent extends TransitionEvent {
  /** Stream id; rises with time. */
  readonly id: string;
  /** ISO time, Redis' own clock. */
  readonly at: string;
}
