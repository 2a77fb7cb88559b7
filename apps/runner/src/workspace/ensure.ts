import { basename, join } from "node:path";
import { isValuable } from "@tac8/core/domain/leftOut";
import { gitStep } from "../git/errors.ts";
import { commitOf } from "../git/openGit.ts";
import { replayOnto } from "../airlock/replayOnto.ts";
import { planReplay } from "../airlock/replayPlan.ts";
import { listIfThere } from "../files/files.ts";
import { gitIn, runGitIn, type AgentPlace } from "../agentPlace/place.ts";
import { quarantine } from "./quarantine.ts";
import { readCheckedOutBranches, readTac8Refs, writeCloneRefs } from "./cloneRefs.ts";
import { withoutGitDrivers } from "./gitDrivers.ts";
import { removeEndNote } from "./endNote.ts";
import { inspectWorkspace, relate } from "./inspect.ts";
import { createFirstWorktree, writeRepository } from "./newWorkspace.ts";
import { writeBranchNote } from "./notes.ts";
import { makeOurFolder, putFile, writeOurSettings } from "./ourSettings.ts";
import type { WorkspacePaths } from "./paths.ts";
import { planWorkspace, type WorkspaceGoal, type WorkspaceSnapshot } from "./plan.ts";
import { saveWork } from "./save.ts";
import { removeStaleLocks } from "./staleLocks.ts";

export interface EnsureOptions {
  readonly paths: WorkspacePaths;
  readonly place: AgentPlace;
  /** Folder of the mirror, whose objects the workspace borrows. */
  readonly mirrorDir: string;
  readonly goal: WorkspaceGoal;
  /** End of the name of a quarantined folder. It differs at each call. */
  readonly quarantineSuffix: string;
}

export interface EnsuredWorkspace {
  /** The part of `WorkspacePlan` in plan.ts that was carried out. A `replay` with conflicts ends as `replaced`. */
  readonly how: "created" | "reused" | "reattached" | "forwarded" | "replayed" | "replaced";
  /** Commit of the workspace. */
  readonly head: string;
  /** Path of the former content if it was quarantined. */
  readonly quarantined: string | null;
  /** Why the workspace was reattached, replayed or replaced; null if its folder was missing, or if nothing was wrong. */
  readonly because: string | null;
}

/**
 * Create, repair or update the workspace, whatever exists: nothing, a leftover folder, a missing worktree, a damaged repository, locks
 * of a dead git, folders without write permission. The caller holds the workspace's lock, so no other git of tac8 runs in it.
 * @throws the signal's reason, StepFailure of kind `git`
 */
export async function ensureWorkspace(options: EnsureOptions): Promise<EnsuredWorkspace> {
  return withRepairedRights(options, async () => {
    // An empty folder is left by an interrupted `create`, and is no work.
    await options.place.removeEmpty(options.paths.tree);
    return inspectAndEnsure({ ...options, place: await withoutGitDrivers(options.place, options.paths) });
  });
}

/** Do work. If an agent removed permissions of its files, add the owner's rights again and repeat the work. */
export async function withRepairedRights<T>({ paths, place }: EnsureOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    place.signal?.throwIfAborted();
    if (!/EACCES|permission denied/i.test(String(error))) throw error;
    await place.addOwnerRightsInTree(paths.gitDir);
    await place.addOwnerRightsInTree(paths.tree);
    return work();
  }
}

async function inspectAndEnsure(options: EnsureOptions): Promise<EnsuredWorkspace> {
  const { paths, goal, place } = options;
  await removeStaleLocks(place, paths.gitDir);
  const snapshot = await inspectOnIssueBranch(options);
  if (snapshot.treeWorks && snapshot.head !== null) await checkFiles(options, snapshot.head);
  const relation = snapshot.head === null ? null : await relate(options, snapshot.head);
  // After an interruption of git the repository seems to be damaged.
  place.signal?.throwIfAborted();
  const plan = planWorkspace(snapshot, goal, relation);
  switch (plan.do) {
    case "create":
      await create(options);
      return finish(options, { how: "created", head: goal.start });
    case "reuse":
      await connectToMirror(options);
      return finish(options, { how: "reused", head: snapshot.head ?? goal.start });
    case "reattach":
      return reattach(options, { commit: snapshot.head ?? goal.start, because: plan.because });
    case "forward":
      await forward(options, goal.start);
      return finish(options, { how: "forwarded", head: goal.start });
    case "replay": {
      const head = await replayOnBranch(options, snapshot.head ?? goal.start);
      if (head === null) return replaceWorkspace(options, plan.because);
      await forward(options, head);
      return finish(options, { how: "replayed", head, because: plan.because });
    }
    case "replace":
      return replaceWorkspace(options, plan.because);
    default:
      return plan satisfies never;
  }
}

/**
 * Restore the worktree at a commit of the thin repository. A folder in its place is quarantined.
 * @param because why the folder is quarantined; null: there is no folder
 */
export async function reattach(
  options: EnsureOptions,
  { commit, because }: { readonly commit: string; readonly because: string | null },
): Promise<EnsuredWorkspace> {
  const { place, paths, quarantineSuffix } = options;
  const quarantined = because === null ? null : await quarantine(place, paths, { quarantineSuffix, what: "tree" });
  await connectToMirror(options);
  await addWorktree(options, { commit });
  return finish(options, { how: "reattached", head: commit, quarantined, because });
}

/** Update the worktree to a newer commit. */
async function forward(options: EnsureOptions, head: string): Promise<void> {
  await connectToMirror(options);
  await gitStep("updating the workspace to the branch", () =>
    gitIn(options.place, options.paths.tree).raw(["reset", "--quiet", "--hard", head]),
  );
}

/**
 * Inspect the workspace. If the agent left it clean on the local base branch, without a commit of its own there, check out the issue's
 * branch first.
 */
async function inspectOnIssueBranch(options: EnsureOptions): Promise<WorkspaceSnapshot> {
  const { paths, place, goal } = options;
  const snapshot = await inspectWorkspace(options);
  const localBase = `refs/heads/${goal.baseNames?.base ?? ""}`;
  if (!snapshot.clean || snapshot.head === null || !(await readCheckedOutBranches(place, paths.gitDir)).has(localBase))
    return snapshot;
  if ((await readTac8Refs(place, paths.gitDir)).get(localBase)?.sha !== snapshot.head) return snapshot;
  const git = gitIn(place, paths.tree);
  const isOnLocalBase = (await git.raw(["rev-parse", "--symbolic-full-name", "HEAD"])) === localBase;
  if (!isOnLocalBase || (await commitOf(git, `refs/heads/${goal.branch}`)) === null) return snapshot;
  await gitStep("returning to the branch", () =>
    git.raw(["checkout", "--quiet", "--ignore-other-worktrees", goal.branch, "--"]),
  );
  return inspectWorkspace(options);
}

/**
 * Replay the workspace's commits and its uncommitted changes on top of the branch on GitHub. @returns the new head, or null if they
 * conflict or some changes could not be committed
 */
async function replayOnBranch({ paths, place, goal }: EnsureOptions, head: string): Promise<string | null> {
  const saved = await saveWork({ ...paths, place, baseSha: head, message: "Uncommitted work" });
  // The reset in `forward` could overwrite these uncommitted files. Generated files and others that are not work may be
  // overwritten.
  if (saved.unsaved.some(isValuable)) return null;
  const plan = planReplay({ why: "branch moved", theirs: goal.start, base: goal.base ?? null });
  const replayed = await replayOnto({ git: runGitIn(place, paths.gitDir), head: saved.head, ...plan });
  return replayed.kind === "head" ? replayed.head : null;
}

/** Quarantine the existing workspace, and create a new one. */
export async function replaceWorkspace(options: EnsureOptions, because: string): Promise<EnsuredWorkspace> {
  const { place, paths, goal, quarantineSuffix } = options;
  const folderExists = (await place.stat(paths.gitDir)) !== null || (await place.stat(paths.tree)) !== null;
  const quarantined = folderExists ? await quarantine(place, paths, { quarantineSuffix, what: "both" }) : null;
  await create(options);
  return finish(options, { how: "replaced", head: goal.start, quarantined, because });
}

async function create({ place: given, ...rest }: EnsureOptions): Promise<void> {
  const { paths, goal } = rest;
  // The branch on GitHub may have commits of agents.
  const place = goal.start === goal.base ? given.onBase() : given;
  const options = { ...rest, place };
  // An interrupted `create` leaves a repository without a commit of its own.
  await place.remove(paths.gitDir);
  // Both folders are made before git runs, because a sandbox only shows folders that exist at its start.
  await place.makeFolder(paths.gitDir);
  await place.makeFolder(paths.tree);
  await gitStep("creating the workspace's repository", () => writeRepository(place, paths.gitDir));
  await connectToMirror(options);
  await addWorktree(options, { commit: goal.start, isFirst: true });
}

/** Check that the workspace's files can be read: with missing borrowed objects, git works for a while, but cannot check out the commits. */
export async function checkFiles({ place, paths }: EnsureOptions, head: string): Promise<void> {
  await gitStep("checking the workspace's files", () =>
    gitIn(place, paths.gitDir).raw(["rev-list", "--quiet", "--objects", "--no-walk", head]),
  );
}

/** Connect the thin repository to the mirror (`alternates`), and write the branch note, tac8's git settings and the refs of a clone. */
async function connectToMirror({ paths, place, mirrorDir, goal }: EnsureOptions): Promise<void> {
  const info = await makeOurFolder(place, paths.gitDir, ["objects", "info"]);
  await putFile(place, join(info, "alternates"), `${join(mirrorDir, "objects")}\n`);
  await writeBranchNote(paths, goal.branch);
  await writeOurSettings(place, paths.gitDir);
  const { branch, base: baseSha, baseNames } = goal;
  if (baseSha === undefined || baseNames === undefined) return;
  await writeCloneRefs({ place, gitDir: paths.gitDir, mirrorDir, branch, baseSha, baseNames });
}

/**
 * Create the worktree, and remove any end note, because it is about an earlier worktree.
 * @param isFirst the repository is new
 */
async function addWorktree(
  { paths, place, goal }: EnsureOptions,
  { commit, isFirst = false }: { readonly commit: string; readonly isFirst?: boolean },
): Promise<void> {
  await removeEndNote(paths);
  // Git accepts an empty folder. It is made first, because a sandbox only shows folders that exist at its start.
  await place.makeFolder(paths.tree);
  const { branch } = goal;
  if (isFirst) return gitStep("creating the worktree", () => createFirstWorktree(place, { paths, branch, commit }));
  const git = gitIn(place, paths.gitDir);
  const others = await listIfThere(place, join(paths.gitDir, "worktrees"));
  const to = [branch, paths.tree, commit];
  await gitStep("creating the worktree", async () => {
    if (others.length === 0) return git.raw(["worktree", "add", "--quiet", "--force", "-B", ...to]);
    await place.remove(join(paths.gitDir, "worktrees", basename(paths.tree), "locked"));
    await git.raw(["worktree", "prune"]);
    await git.raw(["worktree", "add", "--quiet", "--force", "--detach", paths.tree, commit]);
    // A separate command, because `worktree add -B` refuses a branch that an agent has checked out in another worktree.
    const checkout = ["checkout", "--quiet", "--ignore-other-worktrees", "-B", branch];
    return gitIn(place, paths.tree).raw(checkout);
  });
}

/** Finish `ensureWorkspace`: make the worktree's folder accessible, and return the result. */
async function finish(
  { paths, place }: EnsureOptions,
  result: Pick<EnsuredWorkspace, "how" | "head"> & Partial<Pick<EnsuredWorkspace, "quarantined" | "because">>,
): Promise<EnsuredWorkspace> {
  await place.addOwnerRights(paths.tree);
  return { quarantined: null, because: null, ...result };
}
