import { join } from "node:path";
import { throwUnlessRefused } from "../git/openGit.ts";
import { readText } from "../files/files.ts";
import { filterOff } from "../place/filterOff.ts";
import { gitIn, type AgentPlace } from "../place/place.ts";
import type { WorkspacePaths } from "./paths.ts";
import { OUR_INCLUDE } from "./ourSettings.ts";

const MAX_FILE = 256 * 1024;
/** What may name a program that git starts for files or merges, here or in another file. */
const SUSPICIOUS = /filter|merge|include/i;

/**
 * Return the place with the programs turned off that the repository's own settings name for filters and merges: an agent may
 * have put them there, and they may fail or never end. Git itself is asked for the names only where the files have any.
 */
export async function withoutDrivers(
  place: AgentPlace,
  paths: Pick<WorkspacePaths, "tree" | "gitDir">,
): Promise<AgentPlace> {
  const { tree, gitDir } = paths;
  if ((await place.stat(gitDir)) === null) return place; // Without a question inside, which would start a sandbox for it.
  const worktrees = await place.list(join(gitDir, "worktrees")).catch(() => []); // There is none yet.
  const folders = [gitDir, ...worktrees.map(({ name }) => join(gitDir, "worktrees", name))];
  const files = [join(gitDir, "config"), ...folders.map((folder) => join(folder, "config.worktree"))];
  const suspicious = await Promise.all(files.map((file) => mayName(place, file)));
  if (!suspicious.includes(true)) return place;
  const dir = (await place.exists(join(tree, ".git"))) ? tree : gitDir;
  try {
    const names = await gitIn(place, dir).raw(["config", "--list", "--name-only", "-z"]);
    return place.withSettings(driversOff(names));
  } catch (error) {
    throwUnlessRefused(error);
    return place; // Settings that git cannot read stop every other command too.
  }
}

async function mayName(place: AgentPlace, file: string): Promise<boolean> {
  const found = await place.stat(file).catch(() => null);
  if (found === null) return false;
  const text = found.size > MAX_FILE ? null : await readText(place, file, MAX_FILE);
  return text === null || SUSPICIOUS.test(text.replace(OUR_INCLUDE, ""));
}

/** Pure. Settings against those of a list (`git config --list --name-only -z`). A merge is then git's own, of texts. */
export function driversOff(list: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const key of list.split("\0")) {
    const [, kind, name] = /^(filter|merge)\.([^]+)\.[^.]+$/.exec(key) ?? [];
    if (name === undefined) continue;
    if (kind === "filter") Object.assign(settings, filterOff(name));
    else settings[`merge.${name}.driver`] = "git merge-file --quiet %A %O %B";
  }
  return settings;
}
