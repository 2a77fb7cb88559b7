import { join } from "node:path";
import { isValuable } from "@tac8/core/domain/leftOut";
import { cleanGit } from "../git/cleanSide.ts";
import { commitOf, type Git } from "../git/openGit.ts";
import { gitIn, type AgentPlace } from "../place/place.ts";
import type { Mirror } from "../workspace/mirror.ts";
import { isOurs, readOurs } from "../workspace/cloneRefs.ts";
import { withoutDrivers } from "../workspace/drivers.ts";
import { readUncommitted } from "../workspace/uncommitted.ts";

export interface WorkToCheck {
  readonly tree: string | null;
  readonly gitDir: string | null;
  readonly place: AgentPlace;
  /** A submodule that is the same in this commit was not made here. */
  readonly baseSha?: string | null;
  /** Why these commits of it have to stay; null: all of them are on GitHub. */
  readonly whyCommitsKept: (commits: readonly string[]) => Promise<string | null>;
}

const MAX_COMMITS = 200;

/**
 * Why a workspace has to stay: something in it is not on GitHub, or that cannot be told. Null: all commits of its branches
 * and worktrees are on GitHub's branches, and no file differs from them. Ignored files do not count, nor do those that a save
 * leaves out because they are no work.
 */
export async function whyKept(work: WorkToCheck): Promise<string | null> {
  const { whyCommitsKept } = work;
  if (work.gitDir === null) return "its repository is not there";
  try {
    const gitDir = await work.place.realPath(work.gitDir);
    const tree = work.tree === null ? null : await work.place.realPath(work.tree);
    const place = await withoutDrivers(work.place, { gitDir, tree: tree ?? gitDir });
    const git = gitIn(place, gitDir);
    if (tree !== null) {
      const reason = await whyTreeKept({ place, tree, gitDir, baseSha: work.baseSha ?? null });
      if (reason !== null) return reason;
    }
    const commits = new Set<string>();
    for (const worktree of (await git.raw(["worktree", "list", "--porcelain"])).split("\n\n")) {
      const [path = "", head] = [/^worktree (.*)$/m.exec(worktree)?.[1], /^HEAD ([0-9a-f]+)$/m.exec(worktree)?.[1]];
      if (head === undefined) continue; // The bare repository itself.
      if (path !== tree && (await repositoryOf(place, path)) === gitDir) return `it has a worktree at ${path}`;
      commits.add(head);
    }
    const ours = await readOurs(place, gitDir);
    const refs = (await git.raw(["for-each-ref", "--format=%(objectname) %(refname)"])).split("\n");
    for (const [sha = "", name = ""] of refs.map((line) => line.split(" "))) {
      // Older entries of a stash are in no ref at all.
      if (name === "refs/stash") return "it has stashed changes";
      if (sha !== "" && !isOurs(ours, name, sha)) commits.add(sha);
    }
    if (commits.size > MAX_COMMITS) return "it has too many branches to look at";
    return await whyCommitsKept([...commits]);
  } catch (error) {
    work.place.signal?.throwIfAborted();
    return `git cannot tell: ${error instanceof Error ? error.message.trim().slice(0, 200) : String(error)}`;
  }
}

async function whyTreeKept({ place, tree, gitDir, baseSha }: TreeToCheck): Promise<string | null> {
  if ((await repositoryOf(place, tree)) !== gitDir) return "its worktree is no worktree of its repository";
  const git = gitIn(place, tree);
  const { save, left } = await readUncommitted({ tree, place });
  const [valuable] = left.filter(isValuable);
  if (save.length > 0) return "it has changes that are not committed";
  if (valuable !== undefined) return `${valuable.path} is in no commit`;
  for (const path of await linkedFolders(git, baseSha)) {
    if (await place.exists(join(tree, path, ".git"))) return `${path} is a repository of its own`;
  }
  return null;
}

interface TreeToCheck {
  readonly place: AgentPlace;
  readonly tree: string;
  readonly gitDir: string;
  readonly baseSha: string | null;
}

/** Folders that the index has as links to other repositories' commits: all, or those that the base has otherwise. */
async function linkedFolders(git: Git, baseSha: string | null): Promise<string[]> {
  if (baseSha !== null)
    return linksChanged(await git.raw(["diff", "--cached", "--raw", "--no-renames", "-z", baseSha]));
  const entries = (await git.raw(["ls-files", "--stage", "-z"])).split("\0");
  return entries.filter((entry) => entry.startsWith("160000 ")).map((entry) => entry.slice(entry.indexOf("\t") + 1));
}

/** Paths that are such links in a list of changes (`diff --raw -z`). */
function linksChanged(raw: string): string[] {
  const parts = raw.split("\0");
  return parts.flatMap((part, index) => (/^:\d{6} 160000 /.test(part) ? [parts[index + 1] ?? ""] : []));
}

async function repositoryOf(place: AgentPlace, path: string): Promise<string | null> {
  if (!(await place.exists(join(path, ".git")))) return null;
  try {
    const said = await gitIn(place, path).raw(["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    return await place.realPath(said);
  } catch {
    return null; // A folder that git does not work in.
  }
}

const MISSING = "it has commits that are not on GitHub";

/** By GitHub's branches and tags. `mirror`: refreshed just before. */
export function byMirror({ side, paths }: Mirror): WorkToCheck["whyCommitsKept"] {
  return async (commits) => {
    if (commits.length === 0) return null;
    try {
      const onGitHub = ["--not", "--branches", "--tags"];
      const count = await cleanGit(side, paths.dir).raw(["rev-list", "--count", ...commits, ...onGitHub]);
      return count === "0" ? null : MISSING;
    } catch {
      return MISSING; // The mirror does not even have them.
    }
  };
}

/** By what is known to be on GitHub, in this form or another: nobody is asked. Of these, the repository may lack some. */
export function byPublished(
  { place, gitDir }: { readonly place: AgentPlace; readonly gitDir: string },
  published: readonly string[],
): WorkToCheck["whyCommitsKept"] {
  return async (commits) => {
    if (commits.length === 0) return null;
    const git = gitIn(place, gitDir);
    const known: string[] = [];
    for (const sha of new Set(published)) if ((await commitOf(git, sha)) !== null) known.push(sha);
    const count = await git.raw(["rev-list", "--count", ...commits, "--not", ...known, "--remotes=origin"]);
    return count === "0" ? null : MISSING;
  };
}
