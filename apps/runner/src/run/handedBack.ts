import type { RunProgress } from "@tac8/core/domain/brokenOff";
import type { IssueFields } from "@tac8/core/state/issueState";
import type { Progress } from "./progress.ts";

/** The last finished call may be the very command that ended the runner. */
const MIN_CALLS = 2;

/**
 * Return the progress of a run whose job its runner hands back because it shuts down itself. Pure. An agent that runs no
 * command cannot have ended its runner: a user's restart is not counted against it.
 */
export function handedBackProgress(
  { headSha, startSha }: Pick<IssueFields, "headSha" | "startSha">,
  { finishedCalls, begunCalls }: Pick<Progress, "finishedCalls" | "begunCalls">,
): RunProgress {
  if (headSha !== null && headSha !== startSha) return "changes"; // As it was saved.
  if (begunCalls === 0) return "steps";
  return finishedCalls >= MIN_CALLS ? "steps" : "none";
}
