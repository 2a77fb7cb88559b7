import { accessSync, constants } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { look } from "./aside.ts";
import { readPlainFile } from "./plainFile.ts";

const FILE = "tac8-config";
const MAX_FILE = 1024 * 1024;

/** What is in the thin repository's settings for our own file of settings. */
export const OUR_INCLUDE = `[include]\n\tpath = ${FILE}\n`;

/** As `git lfs install --skip-smudge` has it: pointers stay, since nothing can be downloaded without a token. */
const WITH_LFS = `[filter "lfs"]
	clean = git-lfs clean -- %f
	smudge = git-lfs smudge --skip -- %f
	process = git-lfs filter-process --skip
	required = true
`;
/** The machine's or the account's settings may require a program that is not there. */
const WITHOUT_LFS = `[filter "lfs"]
	clean =
	smudge =
	process =
	required = false
`;

/** Write the settings for the agent's own git: they precede the machine's and the account's. */
export async function writeOurSettings(gitDir: string, env: Readonly<Record<string, string>>): Promise<void> {
  await putFile(join(gitDir, FILE), hasProgram("git-lfs", env) ? WITH_LFS : WITHOUT_LFS);
  const config = join(gitDir, "config");
  const text = (look(config)?.size ?? 0) > MAX_FILE ? null : await readPlainFile(config, MAX_FILE);
  if (text === null || text.includes(OUR_INCLUDE)) return;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  await putFile(config, `${text}${gap}${OUR_INCLUDE}`);
}

/**
 * Make a folder of a repository, of these names below each other, for a file of ours. A link that an agent put in the place of
 * one of them is removed: the file would be written wherever it leads to. @returns its path
 */
export async function makeOurFolder(gitDir: string, names: readonly string[]): Promise<string> {
  let folder = gitDir;
  for (const name of names) {
    folder = join(folder, name);
    if (look(folder)?.isSymbolicLink() === true) await rm(folder);
    await mkdir(folder, { recursive: true });
  }
  return folder;
}

/** All of it is there, or what was before. A link that an agent put there is replaced, not followed. */
export async function putFile(path: string, text: string): Promise<void> {
  const half = `${path}.tac8-new`;
  await rm(half, { force: true, recursive: true });
  await writeFile(half, text, { flag: "wx" });
  await rename(half, path);
}

function hasProgram(name: string, env: Readonly<Record<string, string>>): boolean {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
