import { join } from "node:path";
import type { LeftOutReason } from "@tac8/core/domain/leftOut";
import type { AgentPlace } from "../place/place.ts";
import { withoutDrivers } from "./drivers.ts";
import { readUncommitted } from "./uncommitted.ts";

/** Of what a save leaves out: too much for a commit, or made by a program, which can make it again. */
const BULKY: ReadonlySet<LeftOutReason> = new Set(["huge", "total", "dump", "generated", "temporary"]);
/** Of paths to one git: a command line has its limits. */
const AT_ONCE = 500;
const MAX_PATHS = 5000;

/**
 * Removes from a worktree whose disk is full what a save would leave out for its size, and what git ignores. What git
 * tracks, and repositories inside of the worktree, stay. @returns what was removed and not ignored. @throws Error with git's words
 */
export async function makeRoom(options: {
  readonly tree: string;
  readonly gitDir: string;
  readonly place: AgentPlace;
}): Promise<string[]> {
  const { tree, gitDir } = options;
  const place = await withoutDrivers(options.place, { tree, gitDir });
  await place.git(tree, ["clean", "-fdXq"]);
  const { left } = await readUncommitted({ tree, place });
  const bulky = left.filter(({ why }) => BULKY.has(why)).slice(0, MAX_PATHS);
  const removed: string[] = [];
  for (let from = 0; from < bulky.length; from += AT_ONCE) {
    const paths = bulky.slice(from, from + AT_ONCE).map(({ path }) => path);
    await place.git(tree, ["clean", "-fdq", "--", ...paths], { literalPaths: true });
    for (const path of paths) if (!(await place.exists(join(tree, path)))) removed.push(path);
  }
  return removed;
}
