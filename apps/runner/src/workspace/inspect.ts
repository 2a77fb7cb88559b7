import { basename, join } from "node:path";
import { commitOf, isAncestor, throwUnlessRefused, type Git } from "../git/openGit.ts";
import type { Entry } from "../files/files.ts";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import { readBranchNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";
import { parseStatus } from "./uncommitted.ts";
import type { Relation, WorkspaceGoal, WorkspaceSnapshot } from "./plan.ts";

/** Maximum number of entries of HEAD's log that are read. An older visit of a commit is not found. */
const MAX_LOG = 10_000;
/** Maximum number of entries of a folder that are read. A new repository has only some. */
const MAX_ENTRIES = 10_000;

export interface InspectOptions {
  readonly paths: WorkspacePaths;
  readonly place: AgentPlace;
  readonly goal: WorkspaceGoal;
}

/** Inspect the workspace with git. Changes nothing. */
export async function inspectWorkspace({ paths, place, goal }: InspectOptions): Promise<WorkspaceSnapshot> {
  const treeExists = (await place.stat(paths.tree)) !== null;
  const repositoryExists = (await place.stat(paths.gitDir)) !== null;
  const repositoryEmpty = repositoryExists && (await isEmpty(place, paths.gitDir));
  if (!repositoryExists || !(await works(place, paths.gitDir))) {
    const nothing = { treeWorks: false, repositoryWorks: false, head: null, headBranch: null, clean: false };
    return { treeExists, repositoryExists, repositoryEmpty, ...nothing };
  }
  const headBranch = await readBranchNote(paths);
  const changes = treeExists ? await changesOf(place, paths) : null;
  const head = changes === null ? await headWithoutTree(place, paths, headBranch ?? goal.branch) : changes.head;
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

/** Compare the workspace's commit with the commit from which the work should continue. */
export async function relate({ paths, place, goal }: InspectOptions, head: string): Promise<Relation> {
  if (head === goal.start) return "same";
  const git = gitIn(place, paths.gitDir);
  if (await isAncestor(git, goal.start, head)) return "ahead";
  const behind = await isAncestor(git, head, goal.start);
  // The branch has the newer commits, but HEAD is older because the agent was only reading there. It would continue without them.
  const isOnOlderCommit = behind && (await onBranch(git, goal));
  if (!isOnOlderCommit && (await wasAt(place, paths.tree, goal.start))) return "moved-off";
  return behind ? "behind" : "diverged";
}

async function onBranch(git: Git, { branch, start }: WorkspaceGoal): Promise<boolean> {
  const tip = await commitOf(git, `refs/heads/${branch}`);
  return tip !== null && (await isAncestor(git, start, tip));
}

/** Return whether HEAD was at a commit before, according to the worktree's own log. False without a log. */
async function wasAt(place: AgentPlace, tree: string, commit: string): Promise<boolean> {
  if ((await place.stat(tree)) === null) return false;
  try {
    const log = await gitIn(place, tree).raw([
      "log",
      "--walk-reflogs",
      `--max-count=${MAX_LOG}`,
      "--format=%H",
      "HEAD",
    ]);
    return log.split("\n").includes(commit);
  } catch (error) {
    throwUnlessRefused(error);
    return false;
  }
}

/** Return whether a repository is empty. The files are read, because a killed git may have left an incomplete repository. */
async function isEmpty(place: AgentPlace, gitDir: string): Promise<boolean> {
  // `alternates` may be half-written: see `putFile`.
  const object = ({ kind, name }: Entry) => kind !== "folder" && !name.startsWith("alternates");
  const head = ({ name }: Entry) => name === "HEAD";
  return (
    (await hasNone(place, join(gitDir, "objects"), object)) && (await hasNone(place, join(gitDir, "worktrees"), head))
  );
}

/**
 * Return whether no entry below a folder matches. True for a missing folder, false if another kind of file is in its place. It stops
 * at the first match, because an agent may have created any number of entries.
 */
async function hasNone(place: AgentPlace, folder: string, isMeant: (entry: Entry) => boolean): Promise<boolean> {
  let entriesLeft = MAX_ENTRIES;
  try {
    for (const waiting = [folder]; ;) {
      const folder = waiting.pop();
      if (folder === undefined) return true;
      const entries = await place.list(folder, entriesLeft + 1);
      entriesLeft -= entries.length;
      if (entriesLeft < 0 || entries.some(isMeant)) return false;
      waiting.push(...entries.filter(({ kind }) => kind === "folder").map(({ name }) => join(folder, name)));
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

async function works(place: AgentPlace, gitDir: string): Promise<boolean> {
  if (!(await place.exists(gitDir))) return false; // The path is a link to nowhere.
  try {
    return (await gitIn(place, gitDir).raw(["rev-parse", "--is-bare-repository"])) === "true";
  } catch (error) {
    throwUnlessRefused(error);
    return false; // Git refuses to work there, so the repository is damaged.
  }
}

/** Read the changes of the worktree. Null if it is no worktree of the thin repository, git does not work in it, or its checkout was interrupted. */
async function changesOf(
  place: AgentPlace,
  { tree, gitDir }: WorkspacePaths,
): Promise<{ head: string | null; clean: boolean } | null> {
  try {
    const git = gitIn(place, tree);
    const args = ["rev-parse", "--path-format=absolute", "--git-common-dir", "--git-path", "index"];
    const [common = "", index = ""] = (await git.raw(args)).split("\n");
    if ((await place.realPath(common)) !== (await place.realPath(gitDir))) return null;
    // A checkout writes the index last. Without the index, the files that are not checked out yet would count as deleted.
    if ((await place.stat(index)) === null) return null;
    // The command fails if HEAD's commit is missing.
    const status = await git.raw(["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z"]);
    return { head: parseStatus(status).head, clean: status.split("\0").every((line) => /^(?:#|$)/.test(line)) };
  } catch (error) {
    if (!isDamagedPath(error)) throwUnlessRefused(error);
    return null; // The folder is no worktree, or its index is damaged.
  }
}

/** Errors by which a path itself is wrong, because it is missing, or an agent has replaced it or made it unreadable. */
const DAMAGED_PATH: readonly unknown[] = [
  "ENOENT",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "ENAMETOOLONG",
  "EINVAL",
  "EACCES",
  "EPERM",
];

/** Return whether an error is about the path. Others, such as EMFILE or EIO, are about the machine, and say nothing about the workspace. */
function isDamagedPath(error: unknown): boolean {
  return error instanceof Error && DAMAGED_PATH.includes((error as NodeJS.ErrnoException).code);
}

/** Return the HEAD of a lost worktree, which git keeps, and which may not be on the branch. */
async function headWithoutTree(place: AgentPlace, { gitDir, tree }: WorkspacePaths, branch: string) {
  const git = gitIn(place, gitDir);
  return (await commitOf(git, `worktrees/${basename(tree)}/HEAD`)) ?? (await commitOf(git, `refs/heads/${branch}`));
}
