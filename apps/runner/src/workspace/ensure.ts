import { basename, dirname, join } from "node:path";
import { isValuable } from "@tac8/core/domain/leftOut";
import { gitStep } from "../git/errors.ts";
import { commitOf } from "../git/openGit.ts";
import { replayOnto } from "../airlock/replayOnto.ts";
import { planReplay } from "../airlock/replayPlan.ts";
import { listIfThere } from "../files/files.ts";
import { gitIn, inFolder, type AgentPlace } from "../place/place.ts";
import { quarantine } from "./quarantine.ts";
import { readHeads, readOurs, writeCloneRefs } from "./cloneRefs.ts";
import { withoutDrivers } from "./drivers.ts";
import { removeEndNote } from "./endNote.ts";
import { lookAt, relate } from "./inspect.ts";
import { writeBranchNote } from "./notes.ts";
import { makeOurFolder, putFile, writeOurSettings } from "./ourSettings.ts";
import type { WorkspacePaths } from "./paths.ts";
import { planWorkspace, type WorkspaceGoal, type WorkspaceSnapshot } from "./plan.ts";
import { saveWork } from "./save.ts";
import { removeStaleLocks } from "./staleLocks.ts";

export interface EnsureOptions {
  readonly paths: WorkspacePaths;
  readonly place: AgentPlace;
  /** Folder of the mirror; its objects are lent to the workspace. */
  readonly mirrorDir: string;
  readonly goal: WorkspaceGoal;
  /** Part of the name of what is quarantined; differs at each call. */
  readonly stamp: string;
}

export interface EnsuredWorkspace {
  readonly how: "created" | "reused" | "reattached" | "forwarded" | "rebased" | "replaced";
  /** Commit that the workspace is at. */
  readonly head: string;
  /** Where the former content was put, when it was quarantined. */
  readonly quarantined: string | null;
  readonly because: string | null;
}

/**
 * Ends in a good workspace whatever was there: nothing, a leftover folder, a worktree that is gone, a damaged
 * repository, locks of a dead git, folders without write permission. The caller holds the workspace's lock, so no other
 * git of ours is alive in it. @throws the signal's reason, StepFailure of kind `git`.
 */
export async function ensureWorkspace(options: EnsureOptions): Promise<EnsuredWorkspace> {
  return openingUp(options, async () => {
    // As `create` leaves it when it is broken off: nobody's work.
    await options.place.removeEmpty(options.paths.tree);
    return ensure({ ...options, place: await withoutDrivers(options.place, options.paths) });
  });
}

/** Again, where an agent took permissions away. */
export async function openingUp<T>({ paths, place }: EnsureOptions, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    place.signal?.throwIfAborted();
    if (!/EACCES|permission denied/i.test(String(error))) throw error;
    await place.openTree(paths.gitDir);
    await place.openTree(paths.tree);
    return work();
  }
}

async function ensure(options: EnsureOptions): Promise<EnsuredWorkspace> {
  const { paths, goal, place } = options;
  await removeStaleLocks(place, paths.gitDir);
  const found = await readOffBase(options);
  if (found.treeWorks && found.head !== null) await checkFiles(options, found.head);
  const relation = found.head === null ? null : await relate(options, found.head);
  // A git that was interrupted looks like a damaged repository.
  place.signal?.throwIfAborted();
  const plan = planWorkspace(found, goal, relation);
  switch (plan.do) {
    case "create":
      await create(options);
      return done(options, { how: "created", head: goal.start });
    case "reuse":
      await connect(options);
      return done(options, { how: "reused", head: found.head ?? goal.start });
    case "reattach":
      return reattach(options, { commit: found.head ?? goal.start, because: plan.because });
    case "forward":
      await forward(options, goal.start);
      return done(options, { how: "forwarded", head: goal.start });
    case "rebase": {
      const head = await putOnTop(options, found.head ?? goal.start);
      if (head === null) return replaceWorkspace(options, plan.because);
      await forward(options, head);
      return done(options, { how: "rebased", head, because: plan.because });
    }
    case "replace":
      return replaceWorkspace(options, plan.because);
    default:
      return plan satisfies never;
  }
}

/** Brings the worktree back at a commit that the thin repository has; what is in its place is quarantined because of something. */
export async function reattach(
  options: EnsureOptions,
  { commit, because }: { readonly commit: string; readonly because: string | null },
): Promise<EnsuredWorkspace> {
  const { place, paths, stamp } = options;
  const quarantined = because === null ? null : await quarantine(place, paths, { stamp, what: "tree" });
  await connect(options);
  await addWorktree(options, commit);
  return done(options, { how: "reattached", head: commit, quarantined, because });
}

async function forward(options: EnsureOptions, head: string): Promise<void> {
  await connect(options);
  await gitStep("bringing the workspace up to the branch", () =>
    gitIn(options.place, options.paths.tree).raw(["reset", "--quiet", "--hard", head]),
  );
}

/** What is there; an agent that was only reading the base, on the base's own branch, is put back on the first. */
async function readOffBase(options: EnsureOptions): Promise<WorkspaceSnapshot> {
  const { paths, place, goal } = options;
  const found = await lookAt(options);
  const local = `refs/heads/${goal.names?.base ?? ""}`;
  if (!found.clean || found.head === null || !(await readHeads(place, paths.gitDir)).has(local)) return found;
  if ((await readOurs(place, paths.gitDir)).get(local)?.sha !== found.head) return found;
  const git = gitIn(place, paths.tree);
  const isOnIt = (await git.raw(["rev-parse", "--symbolic-full-name", "HEAD"])) === local;
  if (!isOnIt || (await commitOf(git, `refs/heads/${goal.branch}`)) === null) return found;
  await gitStep("going back to the branch", () =>
    git.raw(["checkout", "--quiet", "--ignore-other-worktrees", goal.branch, "--"]),
  );
  return lookAt(options);
}

/**
 * The workspace's commits, and what is not committed yet, made again on top of the branch as GitHub has it. @returns the new
 * head; null where they conflict, or not all could be committed.
 */
async function putOnTop({ paths, place, goal }: EnsureOptions, baseSha: string): Promise<string | null> {
  const saved = await saveWork({ ...paths, place, baseSha, message: "Work that was not committed yet" });
  // A reset would overwrite them. What is no work stays where it is.
  if (saved.unsaved.some(isValuable)) return null;
  const plan = planReplay({ why: "branch moved", theirs: goal.start, base: goal.base ?? null });
  const replayed = await replayOnto({ git: inFolder(place, paths.gitDir), head: saved.head, ...plan });
  return replayed.kind === "head" ? replayed.head : null;
}

/** Quarantines everything that is there, and makes a new one. */
export async function replaceWorkspace(options: EnsureOptions, because: string): Promise<EnsuredWorkspace> {
  const { place, paths, goal, stamp } = options;
  const there = (await place.stat(paths.gitDir)) !== null || (await place.stat(paths.tree)) !== null;
  const quarantined = there ? await quarantine(place, paths, { stamp, what: "both" }) : null;
  await create(options);
  return done(options, { how: "replaced", head: goal.start, quarantined, because });
}

async function create(options: EnsureOptions): Promise<void> {
  const { paths, place, goal } = options;
  // Both before git: a sandbox shows no folder that is missing when it starts, and would be started again for each.
  await place.makeFolder(paths.gitDir);
  await place.makeFolder(paths.tree);
  await gitStep("making the workspace's repository", () =>
    gitIn(place, dirname(paths.gitDir)).raw(["init", "--quiet", "--bare", "--template=", paths.gitDir]),
  );
  await connect(options);
  await addWorktree(options, goal.start);
}

/** Git works on for a while in a workspace whose borrowed objects are missing, and then cannot take its commits out. */
export async function checkFiles({ place, paths }: EnsureOptions, head: string): Promise<void> {
  await gitStep("looking at the workspace's files", () =>
    gitIn(place, paths.gitDir).raw(["rev-list", "--quiet", "--objects", "--no-walk", head]),
  );
}

/** (Re)writes what ties the thin repository to the mirror and to its branch, and what it has of a clone. */
async function connect({ paths, place, mirrorDir, goal }: EnsureOptions): Promise<void> {
  const info = await makeOurFolder(place, paths.gitDir, ["objects", "info"]);
  await putFile(place, join(info, "alternates"), `${join(mirrorDir, "objects")}\n`);
  await writeBranchNote(paths, goal.branch);
  await writeOurSettings(place, paths.gitDir);
  const { branch, base: baseSha, names } = goal;
  if (baseSha === undefined || names === undefined) return;
  await writeCloneRefs({ place, gitDir: paths.gitDir, mirrorDir, branch, baseSha, names });
}

/** A note of an agent's end is about the worktree in which that agent worked, so none outlives the making of another one. */
async function addWorktree({ paths, place, goal }: EnsureOptions, commit: string): Promise<void> {
  await removeEndNote(paths);
  // Git takes an empty folder too. A sandbox shows no folder that is missing when it starts.
  await place.makeFolder(paths.tree);
  const git = gitIn(place, paths.gitDir);
  const others = await listIfThere(place, join(paths.gitDir, "worktrees"));
  const to = [goal.branch, paths.tree, commit];
  await gitStep("making the worktree", async () => {
    if (others.length === 0) return git.raw(["worktree", "add", "--quiet", "--force", "-B", ...to]);
    await place.remove(join(paths.gitDir, "worktrees", basename(paths.tree), "locked"));
    await git.raw(["worktree", "prune"]);
    await git.raw(["worktree", "add", "--quiet", "--force", "--detach", paths.tree, commit]);
    // In a step of its own: `worktree add -B` refuses a branch that an agent has checked out in a worktree of its own.
    const checkout = ["checkout", "--quiet", "--ignore-other-worktrees", "-B", goal.branch];
    return gitIn(place, paths.tree).raw(checkout);
  });
}

/** Git has just said that HEAD is at this commit, or has put it there. */
async function done(
  { paths, place }: EnsureOptions,
  result: Pick<EnsuredWorkspace, "how" | "head"> & Partial<Pick<EnsuredWorkspace, "quarantined" | "because">>,
): Promise<EnsuredWorkspace> {
  await place.openFolder(paths.tree);
  return { quarantined: null, because: null, ...result };
}
