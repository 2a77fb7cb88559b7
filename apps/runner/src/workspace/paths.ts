import { isAbsolute, join } from "node:path";
import type { IssueRef, RepoRef } from "@tac8/core/domain/reference";

/** The clean side of a repository. */
export interface MirrorPaths {
  readonly dir: string;
  readonly lockFile: string;
  /** Throwaway repositories that work is checked in and pushed from. */
  readonly incoming: string;
}

/** The agent side of an issue. */
export interface WorkspacePaths {
  readonly tree: string;
  readonly gitDir: string;
  readonly lockFile: string;
  /** Outside the worktree, so that it never reaches a pull request. */
  readonly promptFile: string;
  /** For what the agent's program leaves behind; removed when it ends. */
  readonly tmpDir: string;
}

/** Folders are lower-cased as job ids are: GitHub ignores case, file systems do not. */
function folders({ owner, repo }: RepoRef): readonly [string, string] {
  return [owner.toLowerCase(), repo.toLowerCase()];
}

export function mirrorPaths(home: string, ref: RepoRef): MirrorPaths {
  const [owner, repo] = folders(ref);
  const dir = join(home, "repos", owner, `${repo}.git`);
  return {
    dir,
    lockFile: join(home, "repos", owner, `${repo}.lock`),
    incoming: join(home, "repos", owner, `${repo}.incoming`),
  };
}

/** `baseDir`: the config's `worktree.base_dir`. */
export function workspacePaths(home: string, baseDir: string, ref: IssueRef): WorkspacePaths {
  const [owner, repo] = folders(ref);
  const name = `gh-${ref.number}`;
  const root = join(home, "workspaces", owner, repo);
  const trees = isAbsolute(baseDir) ? join(baseDir, owner, repo) : join(root, baseDir);
  return {
    tree: join(trees, name),
    gitDir: join(root, "git", `${name}.git`),
    lockFile: join(root, "git", `${name}.lock`),
    promptFile: join(root, "prompts", `${name}.md`),
    tmpDir: join(root, "tmp", name),
  };
}
