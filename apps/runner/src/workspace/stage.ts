import { saysDiskFull } from "../git/diskFull.ts";
import type { GitAnswer } from "../git/runGit.ts";
import { saysDamaged } from "./damage.ts";
import { nulList, type TreeSide } from "./uncommitted.ts";

const MAX_BYTES = 1024 * 1024;
/** Maximum number of tries for a list that git refuses because of one or two files. Files that are not tried count as refused. */
const MAX_TRIES = 100;

/**
 * Add only these files of the worktree to the index, unchanged, and remove missing files from it. Git refuses a whole list because of
 * one file, so a refused list is split in halves. @returns the refused files. @throws Error with git's message if no file is the cause
 */
export async function stage(where: TreeSide, paths: readonly string[]): Promise<string[]> {
  const waiting = paths.length === 0 ? [] : [paths];
  const refused: string[] = [];
  for (let tries = 1; waiting.length > 0; tries += 1) {
    const some = waiting.pop() ?? [];
    if (tries > MAX_TRIES) {
      refused.push(...some);
      continue;
    }
    const answer = await git(where, ["update-index", "--add", "--remove", "--replace", "-z", "--stdin"], some);
    if (answer.code === 0) continue;
    if (answer.code === undefined || saysDiskFull(answer.errorText) || saysDamaged(answer.errorText))
      throw new Error(answer.errorText);
    const half = Math.ceil(some.length / 2);
    if (some.length === 1) refused.push(...some);
    else waiting.push(some.slice(half), some.slice(0, half));
  }
  return refused;
}

/** Remove files from the index, or reset them to HEAD. */
export async function unstage(where: TreeSide, paths: readonly string[]): Promise<void> {
  const answer = await git(where, ["reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul", "HEAD"], paths);
  if (answer.code !== 0) throw new Error(answer.errorText);
}

function git({ tree, place }: TreeSide, args: readonly string[], paths: readonly string[]): Promise<GitAnswer> {
  return place.git(tree, args, { input: nulList(paths), maxBytes: MAX_BYTES, literalPaths: true });
}
