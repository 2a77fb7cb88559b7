import { randomUUID } from "node:crypto";
import { StepFailure } from "@tac8/core/domain/failures";
import { withIncoming } from "../../airlock/incoming.ts";
import { Overtaken, remoteBranch } from "../../airlock/push.ts";
import type { PushScope } from "../../airlock/pushScope.ts";
import { cleanGit } from "../../git/cleanSide.ts";
import { isAncestor } from "../../git/openGit.ts";
import { isNothing } from "../../issue/round.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";
import { bringBack } from "../../workspace/bringBack.ts";
import { isDamage } from "../../workspace/damage.ts";
import type { SavedWork } from "../handover.ts";
import { withoutPermission } from "./allowance.ts";
import { incomingOptions } from "./incomingOptions.ts";
import { notesOf, notesOfPublished } from "./inspect.ts";
import { keepDiff } from "./keepDiff.ts";
import type { PublishNeeds } from "./needs.ts";
import type { PullText } from "./pullText.ts";
import { pushHead } from "./pushHead.ts";
import { settleBranch } from "./settleBranch.ts";
import { withhold } from "./withhold.ts";

/**
 * `ended`: a user ended the branch's pull request, and took the branch away, as we pushed. The hash has the next one.
 * `nothing`: the base has all of it. `withheld`: a maintainer has to decide whether it is published; the hash has that end.
 */
export type Pushed = PullText | "missing" | "ended" | "nothing" | "withheld";

/** The work is checked against the mirror: when that is what is damaged, again with a new one. */
export async function onSoundMirror(run: PublishNeeds, work: () => Promise<Pushed>): Promise<Pushed> {
  try {
    return await work();
  } catch (error) {
    run.signal.throwIfAborted();
    if (!isDamage(error) || !(await run.mirror.mend(run.signal))) throw error;
    run.log.warn(
      { quarantined: run.mirror.quarantined },
      "the local copy of the repository was damaged: made a new one",
    );
    return work();
  }
}

export interface PushWork {
  readonly scope: PushScope;
  /** Commits finished work that could not be saved when its agent ended. */
  readonly save: () => Promise<SavedWork>;
  /** Whether the workspace has to be checked first: always but for the first try after a save. */
  readonly toRead: { isNeeded: boolean };
}

/** Takes the finished work to its branch. */
export async function pushWork(run: PublishNeeds, work: PushWork): Promise<Pushed> {
  const { scope, save, toRead } = work;
  const { base: baseSha, head: headSha } = run.record.state.branch;
  // Pushed before. Others may have added to it since, and the workspace has our commits as they were before they continued top.
  if (headSha !== null && headSha === run.record.state.branch.published) return pushedBefore(run, scope);
  if ((await settleBranch(run, scope)) === "finished") return pushedBefore(run, scope);
  const branch = run.record.state.branch.name;
  if (branch === null || baseSha === null) {
    const message =
      "the state in Redis has no base commit for the finished work, so it was not published; the workspace is kept";
    throw new StepFailure({ kind: "refused", message });
  }
  const isFirst = !toRead.isNeeded;
  toRead.isNeeded = true;
  if (!isFirst && !(await workspaceIsThere(run, branch)))
    return withoutWorkspace(run, scope, { branch, head: headSha });
  // It was finished, and could not be saved.
  if (headSha === null) await run.record.write({ "branch.head": (await save()).head });
  try {
    return await withIncoming(incomingOptions(run, baseSha), async (incoming) => {
      const { dir, head, ranges } = incoming;
      if (isNothing(incoming, run.record.state) || (await isAllMerged(run, incoming))) return "nothing";
      const withheld = await pushHead(run, { dir, head, scope, ranges });
      if (withheld !== null) {
        await withhold(run, withheld);
        return "withheld";
      }
      await keepDiff(run, { dir, head: run.record.state.branch.head ?? head });
      const notes = await notesOf(run, { dir, head: run.record.state.branch.head ?? head, base: scope.base, ranges });
      return { notes, summary: run.record.state.work.summary ?? "" }; // Searched with the commits.
    });
  } catch (error) {
    if (error instanceof StepFailure && error.failure.lacksWorkflows === true) {
      // No agent can give the token a permission: it is not paid for another try.
      await withhold(run, await withoutPermission(run));
      return "withheld";
    }
    // Its folder may be missing or damaged since then.
    if (isFirst && error instanceof StepFailure && error.failure.kind === "git") return pushWork(run, work);
    if (!(error instanceof Overtaken)) throw error;
    if ((await settleBranch(run, scope)) === "finished") return pushedBefore(run, scope);
    if (run.record.state.branch.name === branch) throw error;
    return "ended";
  }
}

/** It is brought back first, where its folder is missing or damaged and the commits are there. */
async function workspaceIsThere(run: PublishNeeds, branch: string): Promise<boolean> {
  const saved = run.record.state.branch.head;
  const { sessionHome } = run.record.state.agent;
  const finished = await bringBack(run.mirror, {
    paths: run.paths,
    place: run.place,
    stamp: randomUUID(),
    branch,
    saved,
    ours: sessionHome === run.homeId,
  });
  if (finished.kind === "back") {
    const { quarantined, because } = finished.workspace;
    run.log.warn(
      { quarantined },
      `brought the finished work's worktree back${because === null ? "" : `, because ${because}`}`,
    );
  }
  return finished.kind !== "missing";
}

/** The pull request that was merged during the run has all of it: a contributor had added to it, say, and so it has another head. */
async function isAllMerged(run: PublishNeeds, at: { dir: string; head: string }): Promise<boolean> {
  const { rebase } = run.record.state.branch;
  return rebase !== null && isAncestor(cleanGit(run.mirror.side, at.dir), at.head, rebase.from);
}

/** If GitHub has the commit, nothing is missing. */
async function withoutWorkspace(
  run: PublishNeeds,
  scope: PushScope,
  { branch, head }: { readonly branch: string; readonly head: string | null },
): Promise<Pushed> {
  await run.mirror.refresh(run.signal); // This machine may never have seen the repository.
  const there = await remoteBranch({
    clean: run.mirror.side,
    dir: run.mirror.paths.dir,
    branch,
    signal: run.signal,
  });
  if (head === null || there !== head) return "missing";
  await run.record.write({ "branch.published": head, "branch.rebase": null });
  return pushedBefore(run, scope);
}

/** The summary may be newer than the push that its commits were searched before. */
async function pushedBefore(run: PublishNeeds, { base }: PushScope): Promise<PullText> {
  const summary = await withoutSecrets(run, "summary", run.record.state.work.summary ?? "");
  return { notes: await notesOfPublished(run, base), summary };
}
