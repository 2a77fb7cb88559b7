import { hasReached, isEnded } from "@tac8/core/domain/states";
import type { IssueRecord } from "@tac8/core/state/issueState";

type Remaining = Pick<IssueRecord, "state" | "checkpoint" | "end" | "command" | "work">;

/**
 * Return whether the remaining steps need no agent, because only publishing or reporting is left. Such a job runs in a held repository
 * too, and its result shows whether the reason for the hold still exists. False for an ended issue: Bull Board has queued its job again,
 * which begins a new round. Pure.
 */
export function needsNoAgent({ state, checkpoint, end, command, work }: Remaining): boolean {
  if (isEnded(state)) return false;
  if (command.stop !== null || command.cancel !== null) return true;
  const isFinished = hasReached(checkpoint, "worked");
  // An issue is blocked until its run begins: after a reply an agent works, after a permission the work is only published.
  if (state === "blocked") return isFinished && work.allowed !== null && work.withheld !== null;
  return isFinished || end.outcome !== null;
}
