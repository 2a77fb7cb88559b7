import { randomUUID } from "node:crypto";
import { StepFailure } from "@tac8/core/domain/failures";
import { withIncoming } from "../../airlock/incoming.ts";
import { Overtaken, remoteBranch } from "../../airlock/push.ts";
import type { PushScope } from "../../airlock/pushScope.ts";
import { cleanGit } from "../../git/cleanSide.ts";
import { isAncestor } from "../../git/openGit.ts";
import { isEmptyChange } from "../../issue/round.ts";
import { agentRanHere } from "../../run/agentRanHere.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";
import { restoreFinishedWork } from "../../workspace/restoreFinishedWork.ts";
import { mayMeanDamage } from "../../workspace/damage.ts";
import type { SavedWork } from "../handover.ts";
import { whyWorkflowsWithheld } from "./allowance.ts";
import { incomingOptions } from "./incomingOptions.ts";
import { readDescription, type Description } from "./describe.ts";
import { notesOfPublished } from "./pullNotes.ts";
import { keepDiff } from "./keepDiff.ts";
import type { PublishNeeds } from "./needs.ts";
import type { PullText } from "./pullText.ts";
import { pushHead } from "./pushHead.ts";
import { ensureOpenBranch } from "./ensureOpenBranch.ts";
import { withhold } from "./withhold.ts";

/**
 * Result of a push: the pull request's text if GitHub has the commits. `missing`: the work no longer exists anywhere. `ended`: a user ended
 * the branch's pull request and deleted the branch during the push; the record has the next branch. `nothing`: the base has all of the work.
 * `withheld`: a user has to decide about the publication, and the record has that end.
 */
export type Pushed = PullText | "missing" | "ended" | "nothing" | "withheld";

/** Do work that uses the mirror. If the mirror is damaged, do it again with a new one. */
export async function withIntactMirror(run: PublishNeeds, work: () => Promise<Pushed>): Promise<Pushed> {
  try {
    return await work();
  } catch (error) {
    run.signal.throwIfAborted();
    if (!mayMeanDamage(error) || !(await run.mirror.repair(run.signal))) throw error;
    run.log.warn(
      { quarantined: run.mirror.quarantined },
      "the mirror of the repository was damaged and is quarantined: cloned a new one",
    );
    return work();
  }
}

export interface PushWorkInput {
  readonly scope: PushScope;
  /** Commit finished work that could not be saved when its agent ended. */
  readonly save: () => Promise<SavedWork>;
  /** Whether the workspace has to be checked first. Only the first try after a save needs no check. */
  readonly workspaceCheck: { isNeeded: boolean };
}

/** Push the finished work to its branch. */
export async function pushWork(run: PublishNeeds, input: PushWorkInput): Promise<Pushed> {
  const { scope, save, workspaceCheck } = input;
  const { base: baseSha, head: headSha } = run.record.state.branch;
  // The work is already pushed, so no commits are read from the workspace: the push may have put them on top of another contributor's.
  // Other contributors may also have pushed since.
  if (headSha !== null && headSha === run.record.state.branch.published) return textOfPushed(run, scope);
  if ((await ensureOpenBranch(run, scope)) === "nothing to push") return textOfPushed(run, scope);
  const branch = run.record.state.branch.name;
  if (branch === null || baseSha === null) {
    const message =
      "the state in Redis has no base commit for the finished work, so it was not published; the workspace is kept";
    throw new StepFailure({ kind: "refused", message });
  }
  const isJustSaved = !workspaceCheck.isNeeded;
  workspaceCheck.isNeeded = true;
  if (!isJustSaved && !(await restoreWorkspace(run, branch)))
    return publishFromGitHub(run, scope, { branch, head: headSha });
  // The work was finished, but could not be saved.
  if (headSha === null) await run.record.write({ "branch.head": (await save()).head });
  try {
    return await withIncoming(incomingOptions(run, baseSha), async (incoming) => {
      const { dir, head, ranges } = incoming; // `ranges` has the commits and diffs between commits of `dir`, read at most once each.
      if (isEmptyChange(incoming, run.record.state) || (await isAllMerged(run, incoming))) return "nothing";
      const descriptions = new Map<string, Description>();
      const describeMeanwhile = async (commit: string, signal: AbortSignal): Promise<void> => {
        descriptions.set(
          commit,
          await readDescription({ ...run, signal }, { dir, head: commit, base: scope.base, ranges }),
        );
      };
      const withheld = await pushHead(run, { dir, head, scope, ranges, meanwhile: describeMeanwhile });
      if (withheld !== null) {
        await withhold(run, withheld);
        return "withheld";
      }
      const pushed = run.record.state.branch.head ?? head;
      // Commits that were made again on top of those of another contributor are not described yet.
      const { diff, notes } =
        descriptions.get(pushed) ?? (await readDescription(run, { dir, head: pushed, base: scope.base, ranges }));
      await keepDiff(run, diff);
      return { notes, summary: run.record.state.work.summary ?? "" }; // The summary was searched for secrets with the commits.
    });
  } catch (error) {
    if (error instanceof StepFailure && error.failure.lacksWorkflows === true) {
      // An agent cannot give the token a permission, so another try would only cost money.
      await withhold(run, await whyWorkflowsWithheld(run));
      return "withheld";
    }
    // The workspace's folder may be missing or damaged since the save.
    if (isJustSaved && error instanceof StepFailure && error.failure.kind === "git") return pushWork(run, input);
    if (!(error instanceof Overtaken)) throw error;
    if ((await ensureOpenBranch(run, scope)) === "nothing to push") return textOfPushed(run, scope);
    if (run.record.state.branch.name === branch) throw error;
    return "ended";
  }
}

/** Restore the workspace if its folder is missing or damaged, but the commits exist. @returns whether the workspace has the work */
async function restoreWorkspace(run: PublishNeeds, branch: string): Promise<boolean> {
  const saved = run.record.state.branch.head;
  const finished = await restoreFinishedWork(run.mirror, {
    paths: run.paths,
    place: run.place,
    quarantineSuffix: randomUUID(),
    branch,
    saved,
    isFromThisDataFolder: agentRanHere(run.record.state, run.dataFolderId),
  });
  if (finished.kind === "restored") {
    const { quarantined, because } = finished.workspace;
    run.log.warn(
      { quarantined },
      `restored the worktree of the finished work${because === null ? "" : `, because ${because}`}`,
    );
  }
  return finished.kind !== "missing";
}

/** Return whether a pull request that was merged during the run has all of the work. Its head may differ, for example if a contributor added commits. */
async function isAllMerged(run: PublishNeeds, incoming: { dir: string; head: string }): Promise<boolean> {
  const { rebase } = run.record.state.branch;
  return rebase !== null && isAncestor(cleanGit(run.mirror.cleanSide, incoming.dir), incoming.head, rebase.from);
}

/** Publish work that is in no workspace of this machine. If GitHub has the commit, nothing is missing. */
async function publishFromGitHub(
  run: PublishNeeds,
  scope: PushScope,
  { branch, head }: { readonly branch: string; readonly head: string | null },
): Promise<Pushed> {
  await run.mirror.refresh(run.signal); // This machine may not have the repository yet.
  const headOnGitHub = await remoteBranch({
    clean: run.mirror.cleanSide,
    dir: run.mirror.paths.dir,
    branch,
    signal: run.signal,
  });
  if (head === null || headOnGitHub !== head) return "missing";
  await run.record.write({ "branch.published": head, "branch.rebase": null });
  return textOfPushed(run, scope);
}

/** Return the pull request's text for pushed commits. The summary may be newer than that push, so it is searched for secrets again. */
async function textOfPushed(run: PublishNeeds, { base }: PushScope): Promise<PullText> {
  const summary = await withoutSecrets(run, "summary", run.record.state.work.summary ?? "");
  return { notes: await notesOfPublished(run, base), summary };
}
