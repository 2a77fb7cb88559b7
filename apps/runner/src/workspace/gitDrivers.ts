import { join } from "node:path";
import { throwUnlessRefused } from "../git/openGit.ts";
import { readText } from "../files/files.ts";
import { filterOff } from "../agentPlace/filterOff.ts";
import { gitIn, type AgentPlace } from "../agentPlace/place.ts";
import type { WorkspacePaths } from "./paths.ts";
import { OUR_INCLUDE } from "./ourSettings.ts";

const MAX_FILE = 256 * 1024;
/** Settings that may name a program for files or merges, in this file or an included one. */
const SUSPICIOUS = /filter|merge|include/i;

/**
 * Return the place with all filter and merge programs of the repository's own settings disabled: an agent may have configured them, and
 * they may fail or never end. Git lists their names, and is only started if the files have such settings.
 */
export async function withoutGitDrivers(
  place: AgentPlace,
  paths: Pick<WorkspacePaths, "tree" | "gitDir">,
): Promise<AgentPlace> {
  const { tree, gitDir } = paths;
  if ((await place.stat(gitDir)) === null) return place; // Git is not started here, because that would start a sandbox.
  const worktrees = await place.list(join(gitDir, "worktrees")).catch(() => []); // The folder does not exist yet.
  const folders = [gitDir, ...worktrees.map(({ name }) => join(gitDir, "worktrees", name))];
  const files = [join(gitDir, "config"), ...folders.map((folder) => join(folder, "config.worktree"))];
  const suspicious = await Promise.all(files.map((file) => mayName(place, file)));
  if (!suspicious.includes(true)) return place;
  const dir = (await place.exists(join(tree, ".git"))) ? tree : gitDir;
  try {
    const names = await gitIn(place, dir).raw(["config", "--list", "--name-only", "-z"]);
    return place.withSettings(gitDriversOff(names));
  } catch (error) {
    throwUnlessRefused(error);
    return place; // Invalid settings also stop every other git command.
  }
}

async function mayName(place: AgentPlace, file: string): Promise<boolean> {
  const found = await place.stat(file).catch(() => null);
  if (found === null) return false;
  const text = found.size > MAX_FILE ? null : await readText(place, file, MAX_FILE);
  return text === null || SUSPICIOUS.test(text.replace(OUR_INCLUDE, ""));
}

/** Return settings that disable the drivers in a list (`git config --list --name-only -z`). Git then merges with its own text merge. Pure. */
export function gitDriversOff(list: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const key of list.split("\0")) {
    const [, kind, name] = /^(filter|merge)\.([^]+)\.[^.]+$/.exec(key) ?? [];
    if (name === undefined) continue;
    if (kind === "filter") Object.assign(settings, filterOff(name));
    else settings[`merge.${name}.driver`] = "git merge-file --quiet %A %O %B";
  }
  return settings;
}
