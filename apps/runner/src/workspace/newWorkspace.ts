import { basename, dirname, join } from "node:path";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import { BARE_CONFIG } from "../git/sanitizeRepository.ts";
import type { WorkspacePaths } from "./paths.ts";

/** Folders of a repository that `git init` creates. */
const FOLDERS = ["objects/info", "objects/pack", "refs/heads", "refs/tags"];

/**
 * Write the files of `git init --bare --template=`. Starts no process, except where git has to test the file system.
 * @param gitDir empty folder
 */
export async function writeRepository(place: AgentPlace, gitDir: string): Promise<void> {
  for (const folder of FOLDERS) await place.makeFolder(join(gitDir, folder));
  await place.writeFile(join(gitDir, "config"), BARE_CONFIG);
  // A file system that ignores case may also lack links or permissions. Git tests it, and writes settings for it.
  if (await place.exists(join(gitDir, "CONFIG"))) {
    await gitIn(place, gitDir).raw(["init", "--quiet", "--bare", "--template="]);
    return;
  }
  // The default of git. No such branch exists, so every branch can be checked out in the worktree.
  await place.writeFile(join(gitDir, "HEAD"), "ref: refs/heads/master\n");
}

export interface FirstWorktree {
  readonly paths: Pick<WorkspacePaths, "tree" | "gitDir">;
  readonly branch: string;
  readonly commit: string;
}

/**
 * Create the first worktree of a repository, with the files of `git worktree add --force -B`. Only the checkout is git, with the command
 * that git runs for it. It writes the index last, so `inspectWorkspace` finds that an interrupted checkout is incomplete.
 */
export async function createFirstWorktree(place: AgentPlace, { paths, branch, commit }: FirstWorktree): Promise<void> {
  const { tree, gitDir } = paths;
  const name = join("worktrees", basename(tree));
  const admin = join(gitDir, name);
  const ref = join(gitDir, "refs/heads", branch);
  await place.makeFolder(dirname(ref));
  await place.writeFile(ref, `${commit}\n`);
  await place.makeFolder(admin);
  await place.writeFile(join(admin, "commondir"), "../..\n");
  await place.writeFile(join(admin, "gitdir"), `${join(await place.realPath(tree), ".git")}\n`);
  // Until HEAD exists, the repository counts as empty, and the next run creates it again.
  await place.writeFile(join(admin, "HEAD"), `ref: refs/heads/${branch}\n`);
  await place.writeFile(join(tree, ".git"), `gitdir: ${join(await place.realPath(gitDir), name)}\n`);
  const where = [`--git-dir=${join(tree, ".git")}`, `--work-tree=${tree}`];
  // In the repository's folder, because the runner itself may run git only there.
  try {
    await gitIn(place, gitDir).raw([...where, "reset", "--hard", "--no-recurse-submodules", "--quiet"]);
  } catch (error) {
    // `git worktree add` does the same. The next try does not find an incomplete worktree, which it would quarantine.
    await Promise.allSettled([place.remove(tree), place.remove(admin)]);
    throw error;
  }
}
