import { basename, join } from "node:path";
import { commitOf, isAncestor, throwUnlessRefused, type Git } from "../git/openGit.ts";
import type { Entry } from "../files/files.ts";
import { gitIn, type AgentPlace } from "../place/place.ts";
import { readBranchNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";
import { parseStatus } from "./uncommitted.ts";
import type { Relation, WorkspaceGoal, WorkspaceSnapshot } from "./plan.ts";

/** An agent that moves more often than this is taken for one that never was there. */
const MAX_LOG = 10_000;
/** The making of a repository leaves a handful. */
const MAX_ENTRIES = 10_000;

export interface InspectOptions {
  readonly paths: WorkspacePaths;
  readonly place: AgentPlace;
  readonly goal: WorkspaceGoal;
}

/** What is there, asked of git itself. Changes nothing. */
export async function lookAt({ paths, place, goal }: InspectOptions): Promise<WorkspaceSnapshot> {
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

/** How the workspace's commit lies to where the work should continue. */
export async function relate({ paths, place, goal }: InspectOptions, head: string): Promise<Relation> {
  if (head === goal.start) return "same";
  const git = gitIn(place, paths.gitDir);
  if (await isAncestor(git, goal.start, head)) return "ahead";
  const behind = await isAncestor(git, head, goal.start);
  // The branch has it all the same: its agent only reads an older commit, and would continue from there without the rest.
  const isOnOlderCommit = behind && (await onBranch(git, goal));
  if (!isOnOlderCommit && (await wasAt(place, paths.tree, goal.start))) return "left";
  return behind ? "behind" : "diverged";
}

async function onBranch(git: Git, { branch, start }: WorkspaceGoal): Promise<boolean> {
  const tip = await commitOf(git, `refs/heads/${branch}`);
  return tip !== null && (await isAncestor(git, start, tip));
}

/** HEAD's log is the worktree's own: where there is none, nothing is known of it. */
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

/** Read from the files: a git that was killed may have left a folder that is no repository yet. */
async function isEmpty(place: AgentPlace, gitDir: string): Promise<boolean> {
  const object = ({ kind, name }: Entry) => kind !== "folder" && name !== "alternates";
  const head = ({ name }: Entry) => name === "HEAD";
  return (
    (await hasNone(place, join(gitDir, "objects"), object)) && (await hasNone(place, join(gitDir, "worktrees"), head))
  );
}

/**
 * Return whether none of the entries below a folder is meant; a folder that is missing has none. It ends at the first one,
 * because an agent may have made any number. False where something else is in the folder's place.
 */
async function hasNone(place: AgentPlace, folder: string, isMeant: (entry: Entry) => boolean): Promise<boolean> {
  let left = MAX_ENTRIES;
  try {
    for (const waiting = [folder]; ;) {
      const at = waiting.pop();
      if (at === undefined) return true;
      const entries = await place.list(at, left + 1);
      left -= entries.length;
      if (left < 0 || entries.some(isMeant)) return false;
      waiting.push(...entries.filter(({ kind }) => kind === "folder").map(({ name }) => join(at, name)));
    }
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

async function works(place: AgentPlace, gitDir: string): Promise<boolean> {
  if (!(await place.exists(gitDir))) return false; // A link to nowhere.
  try {
    return (await gitIn(place, gitDir).raw(["rev-parse", "--is-bare-repository"])) === "true";
  } catch (error) {
    throwUnlessRefused(error);
    return false; // Git refuses to work there: that is the answer.
  }
}

/** Null: no worktree of our thin repository, or git does not work in it, or it was never filled to its end. */
async function changesOf(
  place: AgentPlace,
  { tree, gitDir }: WorkspacePaths,
): Promise<{ head: string | null; clean: boolean } | null> {
  try {
    const git = gitIn(place, tree);
    const args = ["rev-parse", "--path-format=absolute", "--git-common-dir", "--git-path", "index"];
    const [common = "", index = ""] = (await git.raw(args)).split("\n");
    if ((await place.realPath(common)) !== (await place.realPath(gitDir))) return null;
    // The index is written last. Without it the files that are not there yet would count as deleted.
    if ((await place.stat(index)) === null) return null;
    // It fails where HEAD's commit is missing.
    const status = await git.raw(["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z"]);
    return { head: parseStatus(status).head, clean: status.split("\0").every((line) => /^(?:#|$)/.test(line)) };
  } catch (error) {
    if (!isFileError(error)) throwUnlessRefused(error);
    return null; // Not a worktree at all, or its index is damaged.
  }
}

/** A folder or file that is missing, or that an agent made unreadable. */
function isFileError(error: unknown): boolean {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

/** Git keeps a lost worktree's HEAD, which may not be on the branch. */
async function headWithoutTree(place: AgentPlace, { gitDir, tree }: WorkspacePaths, branch: string) {
  const git = gitIn(place, gitDir);
  return (await commitOf(git, `worktrees/${basename(tree)}/HEAD`)) ?? (await commitOf(git, `refs/heads/${branch}`));
}
