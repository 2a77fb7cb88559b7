import type { Dirent } from "node:fs";
import { opendir, realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { commitOf, isAncestor, throwWithoutAnswer, type Git } from "../git/openGit.ts";
import { agentGit, type AgentSide } from "./agentGit.ts";
import { look } from "./aside.ts";
import { readBranchNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";
import type { Relation, WorkspaceGoal, WorkspaceSnapshot } from "./plan.ts";

/** An agent that moves more often than this is taken for one that never was there. */
const MAX_LOG = 10_000;
/** The making of a repository leaves a handful. */
const MAX_ENTRIES = 10_000;

export interface LookOptions {
  readonly paths: WorkspacePaths;
  readonly side: AgentSide;
  readonly goal: WorkspaceGoal;
}

/** What is there, asked of git itself. Changes nothing. */
export async function lookAt({ paths, side, goal }: LookOptions): Promise<WorkspaceSnapshot> {
  const treeExists = look(paths.tree) !== null;
  const repositoryExists = look(paths.gitDir) !== null;
  const repositoryEmpty = repositoryExists && (await isEmpty(paths.gitDir));
  if (!repositoryExists || !(await works(side, paths.gitDir))) {
    const nothing = { treeWorks: false, repositoryWorks: false, head: null, headBranch: null, clean: false };
    return { treeExists, repositoryExists, repositoryEmpty, ...nothing };
  }
  const headBranch = await readBranchNote(paths);
  const changes = treeExists ? await changesOf(side, paths) : null;
  const head = changes === null ? await headWithoutTree(side, paths, headBranch ?? goal.branch) : changes.head;
  return {
    treeExists,
    repositoryExists,
    repositoryEmpty,
    treeWorks: changes !== null,
    repositoryWorks: true,
    head,
    headBranch,
    clean: changes?.clean ?? false,
  };
}

/** How the workspace's commit lies to where the work should go on. */
export async function relate({ paths, side, goal }: LookOptions, head: string): Promise<Relation> {
  if (head === goal.start) return "same";
  const git = agentGit(side, paths.gitDir);
  if (await isAncestor(git, goal.start, head)) return "ahead";
  const behind = await isAncestor(git, head, goal.start);
  // The branch has it all the same: its agent only looks at an older commit, and would go on from there without the rest.
  const looksBack = behind && (await onBranch(git, goal));
  if (!looksBack && (await wasAt(side, paths.tree, goal.start))) return "left";
  return behind ? "behind" : "diverged";
}

async function onBranch(git: Git, { branch, start }: WorkspaceGoal): Promise<boolean> {
  const tip = await commitOf(git, `refs/heads/${branch}`);
  return tip !== null && (await isAncestor(git, start, tip));
}

/** HEAD's log is the worktree's own: where there is none, nothing is known of it. */
async function wasAt(side: AgentSide, tree: string, commit: string): Promise<boolean> {
  if (look(tree) === null) return false;
  try {
    const log = await agentGit(side, tree).raw([
      "log",
      "--walk-reflogs",
      `--max-count=${MAX_LOG}`,
      "--format=%H",
      "HEAD",
    ]);
    return log.split("\n").includes(commit);
  } catch (error) {
    throwWithoutAnswer(error);
    return false;
  }
}

/** Read from the files: a git that was killed may have left a folder that is no repository yet. */
async function isEmpty(gitDir: string): Promise<boolean> {
  const object = (entry: Dirent) => !entry.isDirectory() && entry.name !== "alternates";
  const head = (entry: Dirent) => entry.name === "HEAD";
  return (await hasNone(join(gitDir, "objects"), object)) && (await hasNone(join(gitDir, "worktrees"), head));
}

/**
 * Return whether none of the entries below a folder is meant; a folder that is missing has none. It ends at the first one,
 * because an agent may have made any number. False where something else is in the folder's place.
 */
async function hasNone(folder: string, isMeant: (entry: Dirent) => boolean): Promise<boolean> {
  let seen = 0;
  try {
    for await (const entry of await opendir(folder, { recursive: true })) {
      if (isMeant(entry) || (seen += 1) > MAX_ENTRIES) return false;
    }
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

async function works(side: AgentSide, gitDir: string): Promise<boolean> {
  try {
    return (await agentGit(side, gitDir).raw(["rev-parse", "--is-bare-repository"])) === "true";
  } catch (error) {
    throwWithoutAnswer(error);
    return false; // Git refuses to work there: that is the answer.
  }
}

/** Null: no worktree of our thin repository, or git does not work in it, or it was never filled to its end. */
async function changesOf(
  side: AgentSide,
  { tree, gitDir }: WorkspacePaths,
): Promise<{ head: string | null; clean: boolean } | null> {
  try {
    const git = agentGit(side, tree);
    const common = await git.raw(["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    if ((await realpath(common)) !== (await realpath(gitDir))) return null;
    // The index is written last. Without it the files that are not there yet would count as deleted.
    if (look(await git.raw(["rev-parse", "--path-format=absolute", "--git-path", "index"])) === null) return null;
    const status = await git.raw(["status", "--porcelain", "--untracked-files=normal"]);
    return { head: await commitOf(git, "HEAD"), clean: status === "" };
  } catch (error) {
    if (error instanceof StepFailure) throw error;
    throwWithoutAnswer(error);
    return null; // Not a worktree at all, or its index is damaged.
  }
}

/** Git keeps a lost worktree's HEAD, which may not be on the branch. */
async function headWithoutTree(side: AgentSide, { gitDir, tree }: WorkspacePaths, branch: string) {
  const git = agentGit(side, gitDir);
  return (await commitOf(git, `worktrees/${basename(tree)}/HEAD`)) ?? (await commitOf(git, `refs/heads/${branch}`));
}
