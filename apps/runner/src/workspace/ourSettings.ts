import { join } from "node:path";
import { readText } from "../files/files.ts";
import type { AgentPlace } from "../agentPlace/place.ts";

const FILE = "tac8-config";
const MAX_FILE = 1024 * 1024;

/** Lines in the thin repository's settings that include tac8's settings. */
export const OUR_INCLUDE = `[include]\n\tpath = ${FILE}\n`;

/**
 * Without automatic maintenance: each commit of an agent would start it, and it can pack for minutes. The mirror has most of the objects,
 * and the repository is removed with the issue.
 */
const WITHOUT_MAINTENANCE = `[gc]
	auto = 0
[maintenance]
	auto = false
`;
/** Settings of `git lfs install --skip-smudge`: files stay pointers, because nothing can be downloaded without a token. */
const WITH_LFS = `[filter "lfs"]
	clean = git-lfs clean -- %f
	smudge = git-lfs smudge --skip -- %f
	process = git-lfs filter-process --skip
	required = true
`;
/** Settings without Git LFS. The settings of the machine or the account may require the program although it is missing. */
const WITHOUT_LFS = `[filter "lfs"]
	clean =
	smudge =
	process =
	required = false
`;

/** Write the settings for the agent's own git: they precede the machine's and the account's. */
export async function writeOurSettings(place: AgentPlace, gitDir: string): Promise<void> {
  const lfs = (await place.hasProgram("git-lfs")) ? WITH_LFS : WITHOUT_LFS;
  await putFile(place, join(gitDir, FILE), `${lfs}${WITHOUT_MAINTENANCE}`);
  const config = join(gitDir, "config");
  const { size = 0 } = (await place.stat(config)) ?? {};
  const text = size > MAX_FILE ? null : await readText(place, config, MAX_FILE);
  if (text === null || text.includes(OUR_INCLUDE)) return;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  await putFile(place, config, `${text}${gap}${OUR_INCLUDE}`);
}

/**
 * Create nested folders in a repository for a file of tac8. A link that an agent put in the place of a folder is removed, because the
 * file would be written to its target. @returns the path of the innermost folder
 */
export async function makeOurFolder(place: AgentPlace, gitDir: string, names: readonly string[]): Promise<string> {
  let folder = gitDir;
  for (const name of names) {
    folder = join(folder, name);
    if ((await place.stat(folder))?.kind === "link") await place.remove(folder);
    await place.makeFolder(folder);
  }
  return folder;
}

/** Write a file atomically. A link that an agent put in its place is replaced, not followed. */
export async function putFile(place: AgentPlace, path: string, text: string): Promise<void> {
  const half = `${path}.tac8-new`;
  await place.remove(half);
  await place.writeFile(half, text);
  await place.move(half, path);
}
