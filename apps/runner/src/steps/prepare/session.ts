import type { EnsuredWorkspace } from "../../workspace/ensure.ts";

/**
 * Return whether the agent's session can be resumed in this workspace. The session assumes that its earlier work is there. Pure.
 * `isSessionHere`: the session's files, and so its workspace, belong to this data folder. A new workspace then means that the old one is
 * missing, because a user removed it or a runner died while it was quarantining it. `changedNothing`: the session changed nothing, so
 * nothing can be missing.
 */
export function sessionOutlives(
  workspaceHow: EnsuredWorkspace["how"],
  { isSessionHere, changedNothing }: { readonly isSessionHere: boolean; readonly changedNothing: boolean },
): boolean {
  switch (workspaceHow) {
    case "reused":
    case "reattached":
    case "forwarded":
    case "replayed":
      return true;
    case "created":
      return !isSessionHere || changedNothing;
    case "replaced":
      return false;
    default:
      return workspaceHow satisfies never;
  }
}
