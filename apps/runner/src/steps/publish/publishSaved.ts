import { withIncoming } from "../../airlock/incoming.ts";
import { assertInScope } from "../../airlock/pushScope.ts";
import { cleanGit } from "../../git/cleanSide.ts";
import { isAncestor } from "../../git/openGit.ts";
import { scopeOf } from "../../issue/scope.ts";
import type { SavedWork } from "../handover.ts";
import { incomingOptions } from "./incomingOptions.ts";
import type { PublishNeeds } from "./needs.ts";
import { pushHead } from "./pushHead.ts";
import { renameUnpublishedBranch } from "./rename.ts";
import { ensureOpenBranch } from "./ensureOpenBranch.ts";

/**
 * Push the work of an unfinished run to its branch on GitHub, so that any machine can continue from it.
 * @returns false if that failed; the work is then only in the workspace, which is kept
 */
export async function publishSaved(run: PublishNeeds, saved: SavedWork): Promise<boolean> {
  const { name: branch, base: baseSha, published: publishedSha } = run.record.state.branch;
  if (branch === null || baseSha === null) return false;
  if (saved.head === publishedSha) return true;
  try {
    const scope = await scopeOf(run);
    await renameUnpublishedBranch(run, scope);
    assertInScope(run.record.state.branch.name ?? branch, scope);
    if ((await ensureOpenBranch(run, scope)) === "nothing to push") return true;
    return await withIncoming(incomingOptions(run, baseSha), async ({ dir, head, commits, ranges }) => {
      if (commits > 0) {
        if (await goesBack(run, { dir, head })) {
          run.log.warn(
            { branch },
            "did not push the work, because the agent was rewriting published commits: it is kept in its workspace",
          );
          return false;
        }
        const withheld = await pushHead(run, { dir, head, scope, ranges });
        if (withheld !== null) {
          run.log.warn({ branch }, `did not push the work so far, it is kept in its workspace: ${withheld.reason}`);
          return false;
        }
      }
      return true;
    });
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warn({ err: error }, "could not push the work to GitHub: it is kept in its workspace");
    return false;
  }
}

/** Return whether the push would remove commits from the branch. Only a finished agent may do that, not an interrupted one. */
async function goesBack(run: PublishNeeds, { dir, head }: { dir: string; head: string }): Promise<boolean> {
  const publishedSha = run.record.state.branch.published;
  if (publishedSha === null) return false;
  return !(await isAncestor(cleanGit(run.mirror.cleanSide, dir), publishedSha, head));
}
