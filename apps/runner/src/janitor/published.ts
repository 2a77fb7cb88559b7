import { join } from "node:path";
import { isValuable } from "@tac8/core/domain/leftOut";
import { cleanGit } from "../git/cleanSide.ts";
import { commitOf, type Git } from "../git/openGit.ts";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import type { Mirror } from "../workspace/mirror.ts";
import { isTac8Ref, readTac8Refs } from "../workspace/cloneRefs.ts";
import { withoutGitDrivers } from "../workspace/gitDrivers.ts";
import { readUncommitted, type Uncommitted } from "../workspace/uncommitted.ts";
import { listIfThere, readText } from "../files/files.ts";

export interface WorkToCheck {
  readonly tree: string | null;
  readonly gitDir: string | null;
  readonly place: AgentPlace;
  /** A submodule that is the same in this commit was not created here. */
  readonly baseSha?: string | null;
  /** Return why these commits must stay; null if all of them are on GitHub. */
  readonly whyCommitsKept: (commits: readonly string[]) => Promise<string | null>;
}

const MAX_COMMITS = 200;
/** Limit of a file that has a path and a word before it. */
const MAX_FILE = 8192;

/**
 * Return why a workspace must stay: some of its work is not on GitHub, or git cannot report it. Null: all commits of
 * its branches and worktrees are on GitHub's branches, and no file differs from them. Ignored files, and files that a
 * save leaves out, do not count.
 */
export async function whyKept(work: WorkToCheck): Promise<string | null> {
  const { whyCommitsKept } = work;
  if (work.gitDir === null) return "its repository is missing";
  try {
    const gitDir = await work.place.realPath(work.gitDir);
    const tree = work.tree === null ? null : await work.place.realPath(work.tree);
    const place = await withoutGitDrivers(work.place, { gitDir, tree: tree ?? gitDir });
    const git = gitIn(place, gitDir);
    const own = tree === null ? null : await ownWorktree({ place, tree, gitDir });
    let head: string | null = null;
    if (tree !== null) {
      const found = await readTree({ place, tree, gitDir, isOwn: own !== null, baseSha: work.baseSha ?? null });
      if (found.why !== null) return found.why;
      ({ head } = found);
    }
    const worktrees = await listIfThere(place, join(gitDir, "worktrees"));
    const isAlone = own !== null && worktrees.length === 1 && worktrees[0]?.name === own;
    const heads = isAlone && head !== null ? [head] : await headsOf({ place, tree, gitDir });
    if (typeof heads === "string") return heads;
    const commits = new Set(heads);
    const ours = await readTac8Refs(place, gitDir);
    const refs = (await git.raw(["for-each-ref", "--format=%(objectname) %(refname)"])).split("\n");
    for (const [sha = "", name = ""] of refs.map((line) => line.split(" "))) {
      // Older entries of a stash are in no ref.
      if (name === "refs/stash") return "it has stashed changes";
      if (sha !== "" && !isTac8Ref(ours, name, sha)) commits.add(sha);
    }
    if (commits.size > MAX_COMMITS) return "it has too many branches to check";
    return await whyCommitsKept([...commits]);
  } catch (error) {
    work.place.signal?.throwIfAborted();
    return `git cannot report it: ${error instanceof Error ? error.message.trim().slice(0, 200) : String(error)}`;
  }
}

/** Return the commits of a repository's worktrees; or why it must stay: it has another worktree than `tree`. */
async function headsOf({ place, tree, gitDir }: Omit<Worktree, "tree"> & { readonly tree: string | null }) {
  const heads: string[] = [];
  const listed = await gitIn(place, gitDir).raw(["worktree", "list", "--porcelain"]);
  for (const worktree of listed.split("\n\n")) {
    const [path = "", head] = [/^worktree (.*)$/m.exec(worktree)?.[1], /^HEAD ([0-9a-f]+)$/m.exec(worktree)?.[1]];
    if (head === undefined) continue; // The bare repository itself.
    if (path !== tree && (await repositoryOf(place, path)) === gitDir) return `it has a worktree at ${path}`;
    heads.push(head);
  }
  return heads;
}

/** HEAD of a worktree, and why it must stay; `why` null: its commits decide. */
interface TreeRead {
  readonly head: string | null;
  readonly why: string | null;
}

async function readTree(options: TreeToCheck): Promise<TreeRead> {
  const { place, tree, gitDir, isOwn } = options;
  if (!isOwn && (await repositoryOf(place, tree)) !== gitDir) {
    return { head: null, why: "its worktree is not a worktree of its repository" };
  }
  const found = await readUncommitted({ tree, place });
  return { head: found.head, why: await whyTreeKept(options, found) };
}

async function whyTreeKept(
  { place, tree, baseSha }: TreeToCheck,
  { save, left }: Pick<Uncommitted, "save" | "left">,
): Promise<string | null> {
  const git = gitIn(place, tree);
  const [valuable] = left.filter(isValuable);
  if (save.length > 0) return "it has uncommitted changes";
  if (valuable !== undefined) return `${valuable.path} is not committed`;
  for (const path of await linkedFolders(git, baseSha)) {
    if (await place.exists(join(tree, path, ".git"))) return `${path} is a separate repository`;
  }
  return null;
}

interface TreeToCheck extends Worktree {
  /** Whether its files say that it is a worktree of the repository. */
  readonly isOwn: boolean;
  readonly baseSha: string | null;
}

/** Return folders that the index has as submodules: all, or those that differ from the base. */
async function linkedFolders(git: Git, baseSha: string | null): Promise<string[]> {
  if (baseSha !== null)
    return linksChanged(await git.raw(["diff", "--cached", "--raw", "--no-renames", "-z", baseSha]));
  const entries = (await git.raw(["ls-files", "--stage", "-z"])).split("\0");
  return entries.filter((entry) => entry.startsWith("160000 ")).map((entry) => entry.slice(entry.indexOf("\t") + 1));
}

/** Return the paths of submodules in a list of changes (`diff --raw -z`). */
function linksChanged(raw: string): string[] {
  const parts = raw.split("\0");
  return parts.flatMap((part, index) => (/^:\d{6} 160000 /.test(part) ? [parts[index + 1] ?? ""] : []));
}

interface Worktree {
  readonly place: AgentPlace;
  /** Without links in its path, like `gitDir`. */
  readonly tree: string;
  readonly gitDir: string;
}

/**
 * Return the name that a worktree has in its repository, if its files are as git writes them. Null: git itself must
 * find the repository of the worktree.
 */
async function ownWorktree({ place, tree, gitDir }: Worktree): Promise<string | null> {
  const folder = join(gitDir, "worktrees");
  const text = (await readText(place, join(tree, ".git"), MAX_FILE)) ?? "";
  const start = `gitdir: ${folder}/`;
  const name = text.startsWith(start) ? text.slice(start.length).replace(/\n$/, "") : "";
  if (!/^[^/\n]+$/.test(name) || name === "." || name === "..") return null;
  return (await readText(place, join(folder, name, "commondir"), MAX_FILE)) === "../..\n" ? name : null;
}

async function repositoryOf(place: AgentPlace, path: string): Promise<string | null> {
  if (!(await place.exists(join(path, ".git")))) return null;
  try {
    const output = await gitIn(place, path).raw(["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    return await place.realPath(output);
  } catch {
    return null; // Not a folder of a git repository.
  }
}

const MISSING = "it has commits that are not on GitHub";

/** Check by GitHub's branches and tags. `mirror`: just refreshed. */
export function unlessInMirror({ cleanSide, paths }: Mirror): WorkToCheck["whyCommitsKept"] {
  return async (commits) => {
    if (commits.length === 0) return null;
    try {
      const onGitHub = ["--not", "--branches", "--tags"];
      const count = await cleanGit(cleanSide, paths.dir).raw(["rev-list", "--count", ...commits, ...onGitHub]);
      return count === "0" ? null : MISSING;
    } catch {
      return MISSING; // The mirror does not have the commit.
    }
  };
}

/**
 * Check by commits that are known to be on GitHub, in this form or another, without a request. The repository may not
 * have all of them.
 */
export function unlessPublished(
  { place, gitDir }: { readonly place: AgentPlace; readonly gitDir: string },
  published: readonly string[],
): WorkToCheck["whyCommitsKept"] {
  return async (commits) => {
    const others = commits.filter((sha) => !published.includes(sha));
    if (others.length === 0) return null;
    const git = gitIn(place, gitDir);
    const known: string[] = [];
    for (const sha of new Set(published)) if ((await commitOf(git, sha)) !== null) known.push(sha);
    const count = await git.raw(["rev-list", "--count", ...others, "--not", ...known, "--remotes=origin"]);
    return count === "0" ? null : MISSING;
  };
}
