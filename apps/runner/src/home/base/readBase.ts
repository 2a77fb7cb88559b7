import { gitStep } from "../../git/errors.ts";
import type { Mirror } from "../../workspace/mirror.ts";
import { collect, REQUIRED, type BaseFiles } from "./collect.ts";
import type { Folders } from "./settings.ts";
import { filesOf, readFiles, type Commit } from "./tree.ts";

export interface BaseCommit {
  readonly mirror: Mirror;
  readonly sha: string;
  readonly folders: Folders;
  readonly signal: AbortSignal;
}

/**
 * Read the files of the base commit that Claude Code loads. They come from git's objects on the clean side, so the
 * issue's branch and worktree do not matter. @throws StepFailure with git's message
 */
export async function readBase({ mirror, sha, folders, signal }: BaseCommit): Promise<BaseFiles> {
  const commit: Commit = { clean: mirror.cleanSide, dir: mirror.paths.dir, sha, signal };
  return gitStep("reading the base commit's settings and instructions", async () => {
    const all = await filesOf(commit);
    const entries = all ?? (await filesOf(commit, REQUIRED)) ?? [];
    const found = await collect({ entries, read: (files) => readFiles(commit, files), folders });
    const note =
      "the repository has too many files: the instructions of its folders, imported ones, and those behind links, are not used";
    return all === null ? { ...found, notes: [...found.notes, note] } : found;
  });
}
