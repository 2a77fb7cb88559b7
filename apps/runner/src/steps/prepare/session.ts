import type { EnsuredWorkspace } from "../../workspace/ensure.ts";

/**
 * Pure: may the agent's session continue in this workspace? It takes what it did before for what is there. `atHome`: the session's
 * files, and so its workspace, are of this data folder; a new workspace then means that the old one is gone, by a user, or by
 * a runner that died while it quarantined it. `changedNothing`: it did nothing before, so that nothing can be missing.
 */
export function sessionOutlives(
  how: EnsuredWorkspace["how"],
  { atHome, changedNothing }: { readonly atHome: boolean; readonly changedNothing: boolean },
): boolean {
  switch (how) {
    case "reused":
    case "reattached":
    case "forwarded":
    case "rebased":
      return true;
    case "created":
      return !atHome || changedNothing;
    case "replaced":
      return false;
    default:
      return how satisfies never;
  }
}
