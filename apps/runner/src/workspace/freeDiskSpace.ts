import { join } from "node:path";
import type { LeftOutReason } from "@tac8/core/domain/leftOut";
import type { AgentPlace } from "../agentPlace/place.ts";
import { withoutGitDrivers } from "./gitDrivers.ts";
import { generatedFolder } from "./generated.ts";
import { MAX_PUSHED_BYTES } from "./leaveOut.ts";
import { listerOf, readUncommitted, textOf, wantedFolders, type TreeSide } from "./uncommitted.ts";

/** Paths in one git command, because the length of a command line is limited. */
const AT_ONCE = 500;
const MAX_PATHS = 5000;
const MAX_LIST_BYTES = 16 * 1024 * 1024;

export interface FreeDiskSpaceOptions {
  readonly tree: string;
  readonly gitDir: string;
  readonly place: AgentPlace;
  /** Return whether the disk still has too little free space. Called before each step. */
  readonly isShort: () => Promise<boolean>;
}

/**
 * Remove files from a worktree whose disk is full, until the disk has enough free space: first files that are certainly no work
 * (generated files, ignored and then untracked; dumps and temporary files), then untracked files that are too large for GitHub. Every
 * other file is kept, even if disk space is still short: ignored files such as `.env` and databases, files that are not committed only because
 * there are too many, tracked files and nested repositories.
 * @returns the removed paths; a folder's path ends with a slash. @throws Error with git's message
 */
export async function freeDiskSpace({ tree, gitDir, place: given, isShort }: FreeDiskSpaceOptions): Promise<string[]> {
  const place = await withoutGitDrivers(given, { tree, gitDir });
  const where = { tree, place };
  const leftOut = async (...wanted: readonly LeftOutReason[]) => {
    const { left } = await readUncommitted(where);
    return left.filter(({ why }) => wanted.includes(why)).map(({ path }) => path);
  };
  const steps: readonly (() => Promise<string[]>)[] = [
    async () => clean(where, "-fdXq", await ignoredOutputs(where)),
    async () => clean(where, "-fdq", await leftOut("generated")),
    async () => clean(where, "-fdq", await leftOut("dump", "temporary")),
    async () => clean(where, "-fdq", await tooLarge(where, await leftOut("huge"))),
  ];
  const removed: string[] = [];
  for (const step of steps) {
    if (!(await isShort())) break;
    removed.push(...(await step()));
  }
  return removed;
}

/** Return the ignored folders that only a tool writes to, by their names, without folders in which HEAD has files. */
async function ignoredOutputs(where: TreeSide): Promise<string[]> {
  const { code, bytes, errorText } = await where.place.git(
    where.tree,
    ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"],
    { maxBytes: MAX_LIST_BYTES },
  );
  if (code !== 0 && code !== undefined) throw new Error(errorText);
  const filesIn = listerOf(where);
  const found: string[] = [];
  // The last entry is empty or incomplete.
  for (const path of bytes.toString("latin1").split("\0").slice(0, -1)) {
    if (path.endsWith("/") && (await generatedFolder(path, filesIn)) === path) found.push(path);
  }
  const wanted = new Set(await wantedFolders(where, found));
  return found.filter((path) => !wanted.has(path)).map(textOf);
}

/** Return the files that are too large for GitHub. */
async function tooLarge({ tree, place }: TreeSide, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths.slice(0, MAX_PATHS)) {
    const size = (await place.stat(join(tree, path)).catch(() => null))?.size ?? 0;
    if (size > MAX_PUSHED_BYTES) found.push(path);
  }
  return found;
}

/** Remove paths with git. @returns the removed paths, including folders in which a nested repository is kept */
async function clean({ tree, place }: TreeSide, how: string, all: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (let from = 0; from < Math.min(all.length, MAX_PATHS); from += AT_ONCE) {
    const paths = all.slice(from, Math.min(from + AT_ONCE, MAX_PATHS));
    await place.git(tree, ["clean", how, "--", ...paths], { literalPaths: true });
    for (const path of paths) {
      if (path.endsWith("/") || !(await place.exists(join(tree, path)))) removed.push(path);
    }
  }
  return removed;
}
