import { join } from "node:path";
import type { LeftOutReason } from "@tac8/core/domain/leftOut";
import type { AgentPlace } from "../place/place.ts";
import { withoutDrivers } from "./drivers.ts";
import { generatedFolder } from "./generated.ts";
import { MAX_PUSHED_BYTES } from "./leaveOut.ts";
import { listerOf, readUncommitted, textOf, wantedFolders, type TreeSide } from "./uncommitted.ts";

/** Paths in one git command: a command line has its limits. */
const AT_ONCE = 500;
const MAX_PATHS = 5000;
const MAX_LIST_BYTES = 16 * 1024 * 1024;

export interface RoomOptions {
  readonly tree: string;
  readonly gitDir: string;
  readonly place: AgentPlace;
  /** Whether the disk still has too little free space. Called before each step. */
  readonly isShort: () => Promise<boolean>;
}

/**
 * Remove from a worktree whose disk is full the files that are surely no work, until the disk has enough free space: first
 * what programs can make again (ignored, then untracked), then dumps and temporary files, then files too large for GitHub.
 * Every other file stays, even if the disk is still short of space then: ignored files such as `.env` and databases,
 * files that are in no commit only because there are too many, tracked files and nested repositories.
 * @returns what was removed; a folder's path ends in a slash @throws Error with git's words
 */
export async function makeRoom({ tree, gitDir, place: given, isShort }: RoomOptions): Promise<string[]> {
  const place = await withoutDrivers(given, { tree, gitDir });
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

/** Ignored folders that only a tool writes to, by their names; none that HEAD has files in. */
async function ignoredOutputs(where: TreeSide): Promise<string[]> {
  const { code, bytes, errorText } = await where.place.git(
    where.tree,
    ["ls-files", "--others", "--ignored", "--exclude-standard", "--directory", "-z"],
    { maxBytes: MAX_LIST_BYTES },
  );
  if (code !== 0 && code !== undefined) throw new Error(errorText);
  const filesIn = listerOf(where);
  const found: string[] = [];
  // The last one is empty, or was cut off.
  for (const path of bytes.toString("latin1").split("\0").slice(0, -1)) {
    if (path.endsWith("/") && (await generatedFolder(path, filesIn)) === path) found.push(path);
  }
  const wanted = new Set(await wantedFolders(where, found));
  return found.filter((path) => !wanted.has(path)).map(textOf);
}

/** Files that GitHub refuses in any commit. */
async function tooLarge({ tree, place }: TreeSide, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths.slice(0, MAX_PATHS)) {
    const size = (await place.stat(join(tree, path)).catch(() => null))?.size ?? 0;
    if (size > MAX_PUSHED_BYTES) found.push(path);
  }
  return found;
}

/** @returns those of the paths that git has removed, folders also in part: a repository in one stays */
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
