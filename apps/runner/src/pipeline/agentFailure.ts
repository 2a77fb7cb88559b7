import type { StepFailure } from "@tac8/core/domain/failures";
import { nameFiles } from "@tac8/core/domain/leftOut";
import type { AgentFailure } from "../agent/classify.ts";

export interface SavedFacts {
  /** Whether all of the work is on the branch on GitHub, or is not needed. */
  readonly isPushedOrUnwanted: boolean;
  /** Paths that were removed to free disk space. */
  readonly removed: readonly string[];
}

/** Return the failure to record for the end of an agent. Pure. */
export function agentFailure(
  failed: AgentFailure,
  { isPushedOrUnwanted, removed }: SavedFacts,
): StepFailure["failure"] {
  const { kind, until } = failed;
  const { files, more } = nameFiles(removed);
  const removedFiles = [
    files.slice(0, 3).join(", "),
    files.length + more > 3 ? ` and ${files.length + more - 3} more` : "",
  ];
  const reported =
    files.length === 0 ? failed.message : `${failed.message}; removed to free disk space: ${removedFiles.join("")}`;
  const message = isPushedOrUnwanted ? reported : `${reported} (the work so far is only in its workspace)`;
  // The run was not halted, so this is a failure of the agent.
  if (kind === "lost" || kind === "stopped" || kind === "cancelled" || kind === "shutdown")
    return { kind: "agent", message };
  return { kind, message, until };
}
