import { isAbsolute, join } from "node:path";
import type { IssueRef, RepoRef } from "@tac8/core/domain/reference";
import type { MirrorPaths } from "../git/cleanSide.ts";

/**
 * Folders and files of an issue. An agent writes to `tree`, `gitDir`, `tmpDir` and `homeDir`, so their content is not trusted. tac8's own
 * files about the issue are in `notesDir` or beside it, where no agent needs to write.
 */
export interface WorkspacePaths {
  readonly tree: string;
  readonly gitDir: string;
  /** Temporary folder of the agent. It is removed when the agent ends. */
  readonly tmpDir: string;
  /** HOME of the issue's agents, if they do not share one. It is not in `workspaces`, because `baseDir` may have any name there. */
  readonly homeDir: string;

  /** Folder of tac8's notes about the workspace, which are removed with the workspace. */
  readonly notesDir: string;
  /** End note of the newest agent, until Redis has recorded the end. */
  readonly endFile: string;
  /** Branch note, with the branch for which the workspace was made. */
  readonly branchFile: string;
  /** Prompt, which the agent only reads. It is outside the worktree, so that it never is in a pull request. */
  readonly promptFile: string;
  /** Note about the issue's text that counts, see `textNote.ts`. */
  readonly textNoteFile: string;
  /** Lock of the workspace. It is beside the notes, because it is removed after them. */
  readonly lockFile: string;
  readonly former: FormerPaths;
}

/** Paths of the same files in data folders of older versions, which stored them on the agent side. */
export interface FormerPaths {
  readonly endFile: string;
  readonly branchFile: string;
  readonly promptFile: string;
  readonly lockFile: string;
}

/** Return the folder names of a repository. They are in lower case like job ids, because GitHub ignores case and file systems do not. */
function folders({ owner, repo }: RepoRef): readonly [string, string] {
  return [owner.toLowerCase(), repo.toLowerCase()];
}

export function mirrorPaths(dataFolder: string, ref: RepoRef): MirrorPaths {
  const [owner, repo] = folders(ref);
  const dir = join(dataFolder, "repos", owner, `${repo}.git`);
  return {
    dir,
    lockFile: join(dataFolder, "repos", owner, `${repo}.lock`),
    incoming: join(dataFolder, "repos", owner, `${repo}.incoming`),
  };
}

/** Return the paths of an issue. @param baseDir the configured `worktree.base_dir`, which is none of the other folders (`baseDirProblem`) */
export function workspacePaths(dataFolder: string, baseDir: string, ref: IssueRef): WorkspacePaths {
  const [owner, repo] = folders(ref);
  const name = `gh-${ref.number}`;
  const root = join(dataFolder, "workspaces", owner, repo);
  const trees = isAbsolute(baseDir) ? join(baseDir, owner, repo) : join(root, baseDir);
  const gitDir = join(root, "git", `${name}.git`);
  const notesDir = join(dataFolder, "issues", owner, repo, name);
  return {
    tree: join(trees, name),
    gitDir,
    tmpDir: join(root, "tmp", name),
    homeDir: join(dataFolder, "homes", owner, repo, name),
    notesDir,
    endFile: join(notesDir, "end.json"),
    branchFile: join(notesDir, "branch"),
    promptFile: join(notesDir, "prompt.md"),
    textNoteFile: join(notesDir, "intent.json"),
    lockFile: `${notesDir}.lock`,
    former: {
      endFile: join(gitDir, "tac8-end.json"),
      branchFile: join(gitDir, "tac8-branch"),
      promptFile: join(root, "prompts", `${name}.md`),
      lockFile: join(root, "git", `${name}.lock`),
    },
  };
}
