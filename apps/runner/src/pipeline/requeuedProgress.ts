import type { RunProgress } from "@tac8/core/domain/brokenOff";
import type { RecordPart } from "@tac8/core/state/issueState";

/**
 * Return the progress of a run whose job is requeued because its runner shuts down. The progress is never `none`, so restarts by an
 * operator do not count as lost runs, however early they come. An agent that ends its runner is limited by its unchanged workspace. Pure.
 */
export function progressOfRequeued({
  branch: { head, start },
}: RecordPart<"branch.head" | "branch.start">): RunProgress {
  return head !== null && head !== start ? "changes" : "steps"; // `head` is the commit of the saved work.
}
