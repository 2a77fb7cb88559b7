import { withIncoming } from "../../airlock/incoming.ts";
import { assertInScope } from "../../airlock/pushScope.ts";
import { cleanGit } from "../../git/cleanSide.ts";
import { isAncestor } from "../../git/openGit.ts";
import { scopeOf } from "../../issue/scope.ts";
import type { SavedWork } from "../handover.ts";
import { incomingOptions } from "./incomingOptions.ts";
import type { PublishNeeds } from "./needs.ts";
import { pushHead } from "./pushHead.ts";
import { takeNewName } from "./rename.ts";
import { settleBranch } from "./settleBranch.ts";

/**
 * Takes what an unfinished run left to its branch on GitHub, so that any machine can continue from it.
 * @returns false when it could not be: the work is then in the workspace alone, which is kept.
 */
export async function publishSaved(run: PublishNeeds, saved: SavedWork): Promise<boolean> {
  const { name: branch, base: baseSha, published: publishedSha } = run.record.state.branch;
  if (branch === null || baseSha === null) return false;
  if (saved.head === publishedSha) return true;
  try {
    const scope = await scopeOf(run);
    await takeNewName(run, scope);
    assertInScope(run.record.state.branch.name ?? branch, scope);
    if ((await settleBranch(run, scope)) === "finished") return true;
    return await withIncoming(incomingOptions(run, baseSha), async ({ dir, head, commits, ranges }) => {
      if (commits > 0) {
        if (await goesBack(run, { dir, head })) {
          run.log.warn({ branch }, "the agent was rewriting what is on the branch: its work is kept in its workspace");
          return false;
        }
        const withheld = await pushHead(run, { dir, head, scope, ranges });
        if (withheld !== null) {
          run.log.warn({ branch }, `the work so far is kept in its workspace, and not pushed: ${withheld.reason}`);
          return false;
        }
      }
      return true;
    });
  } catch (error) {
    run.signal.throwIfAborted();
    run.log.warn({ err: error }, "the work could not be saved to GitHub; it is kept in its workspace");
    return false;
  }
}

/** Commits on the branch are taken off it by an agent that has finished, and not by one that was broken off in between. */
async function goesBack(run: PublishNeeds, { dir, head }: { dir: string; head: string }): Promise<boolean> {
  const publishedSha = run.record.state.branch.published;
  if (publishedSha === null) return false;
  return !(await isAncestor(cleanGit(run.mirror.side, dir), publishedSha, head));
}
