import type { RunProgress } from "@tac8/core/domain/brokenOff";
import type { IssueFields } from "@tac8/core/state/issueState";
import type { Progress } from "./progress.ts";

/** The last finished call may be the very command that ended the runner. */
const MIN_CALLS = 2;

/** Return the progress of a run whose job its runner hands back because it shuts down itself. Pure. */
export function handedBackProgress(
  { headSha, startSha }: Pick<IssueFields, "headSha" | "startSha">,
  { finishedCalls }: Pick<Progress, "finishedCalls">,
): RunProgress {
  if (headSha !== null && headSha !== startSha) return "changes"; // As it was saved.
  return finishedCalls >= MIN_CALLS ? "steps" : "none";
}
