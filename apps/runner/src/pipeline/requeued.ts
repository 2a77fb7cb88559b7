import type { RunProgress } from "@tac8/core/domain/brokenOff";
import type { RecordPart } from "@tac8/core/state/issueState";

/**
 * Return the progress of a run whose job its runner requeues because it shuts down itself. Pure. It is never `none`, so a user's
 * restarts do not count as lost runs, however early they come. An agent that ends its runner is bounded by its unchanged workspace.
 */
export function requeuedProgress({
  branch: { head: headSha, start: startSha },
}: RecordPart<"branch.head" | "branch.start">): RunProgress {
  return headSha !== null && headSha !== startSha ? "changes" : "steps"; // As it was saved.
}
