import { isAbsolute, join } from "node:path";
import type { IssueRef, RepoRef } from "@tac8/core/domain/reference";
import type { MirrorPaths } from "../git/cleanSide.ts";

/**
 * The folders and files of an issue. An agent has to be able to write its `tree`, `gitDir`, `tmpDir` and `homeDir`, so nothing
 * that lies in them is believed. Everything that tac8 itself knows of the issue is beside or in `notesDir`, where no agent has to write.
 */
export interface WorkspacePaths {
  readonly tree: string;
  readonly gitDir: string;
  /** For files that the agent's program leaves behind; removed when the agent ends. */
  readonly tmpDir: string;
  /** HOME of the issue's agents, where they do not share one. Not in `workspaces`, where any name may be `baseDir`. */
  readonly homeDir: string;

  /** tac8's notes about the workspace. They are removed with it. */
  readonly notesDir: string;
  /** The end of the newest agent, until Redis has recorded it. */
  readonly endFile: string;
  /** The branch that the workspace was made for. */
  readonly branchFile: string;
  /** The agent only reads it. Outside the worktree, so that it never reaches a pull request. */
  readonly promptFile: string;
  /** Which text of the issue counts, see `intentNote.ts`. */
  readonly intentFile: string;
  /** Beside the notes, because it outlives them by a moment. */
  readonly lockFile: string;
  readonly former: FormerPaths;
}

/** The places of the same files in the data folders of older versions, which kept them on the agent side. */
export interface FormerPaths {
  readonly endFile: string;
  readonly branchFile: string;
  readonly promptFile: string;
  readonly lockFile: string;
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

/** `baseDir`: the config's `worktree.base_dir`, which names none of the other folders here (`baseDirProblem`). */
export function workspacePaths(home: string, baseDir: string, ref: IssueRef): WorkspacePaths {
  const [owner, repo] = folders(ref);
  const name = `gh-${ref.number}`;
  const root = join(home, "workspaces", owner, repo);
  const trees = isAbsolute(baseDir) ? join(baseDir, owner, repo) : join(root, baseDir);
  const gitDir = join(root, "git", `${name}.git`);
  const notesDir = join(home, "issues", owner, repo, name);
  return {
    tree: join(trees, name),
    gitDir,
    tmpDir: join(root, "tmp", name),
    homeDir: join(home, "homes", owner, repo, name),
    notesDir,
    endFile: join(notesDir, "end.json"),
    branchFile: join(notesDir, "branch"),
    promptFile: join(notesDir, "prompt.md"),
    intentFile: join(notesDir, "intent.json"),
    lockFile: `${notesDir}.lock`,
    former: {
      endFile: join(gitDir, "tac8-end.json"),
      branchFile: join(gitDir, "tac8-branch"),
      promptFile: join(root, "prompts", `${name}.md`),
      lockFile: join(root, "git", `${name}.lock`),
    },
  };
}
