import { dirname, join } from "node:path";
import { commitOf } from "../git/openGit.ts";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import { withoutGitDrivers } from "./gitDrivers.ts";
import { promptTime } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/** Maximum number of files that are checked. Thousands of new files are a change in any case. */
const MAX_FILES = 10_000;

export interface ChangedOptions extends Pick<WorkspacePaths, "tree" | "gitDir" | "promptFile"> {
  readonly place: AgentPlace;
  /** Commit of the workspace when its agent started. */
  readonly startSha: string;
}

/**
 * Return whether the last agent of a workspace has changed it: HEAD is another commit, or a file that is not committed is
 * newer than the prompt, which is written just before an agent starts. Changes nothing. The two may be on different file
 * systems. Their times come from one clock, unless one of them is a network file system: then the clocks have to agree.
 */
export async function changedSincePrompt({
  tree,
  gitDir,
  promptFile,
  place: given,
  startSha,
}: ChangedOptions): Promise<boolean> {
  const began = await promptTime({ promptFile });
  if (began === null) return false;
  const place = await withoutGitDrivers(given, { tree, gitDir });
  const git = gitIn(place, tree);
  if ((await commitOf(git, "HEAD")) !== startSha) return true;
  const status = await git.raw(["status", "--porcelain=v2", "--no-renames", "--untracked-files=all", "-z"]);
  for (const path of uncommittedPaths(status).slice(0, MAX_FILES)) {
    if ((await changedAt({ place, tree }, path)) > began) return true;
  }
  return false;
}

/** Fields before the path of a changed, a conflicting and an untracked file. */
const BEFORE_PATH = /^(?:1 (?:\S+ ){7}|u (?:\S+ ){9}|\? )/;

/** Return the paths in the output of `git status --porcelain=v2 --no-renames -z`. Pure. */
export function uncommittedPaths(status: string): string[] {
  return status.split("\0").flatMap((entry) => (BEFORE_PATH.test(entry) ? [entry.replace(BEFORE_PATH, "")] : []));
}

/** Return the epoch ms of the last change of a path, or of the nearest existing folder if the path was deleted. */
async function changedAt({ place, tree }: Pick<ChangedOptions, "place" | "tree">, path: string): Promise<number> {
  for (let at = path; ; at = dirname(at)) {
    const found = await place.stat(join(tree, at)).catch(() => null);
    if (found !== null) return found.ctimeMs;
    if (at === ".") return 0;
  }
}
