import { chmodSync, lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { StartupProblem } from "@tac8/core/app/main";
import type { Config } from "@tac8/core/config/resolve";
import type { AgentIds } from "@tac8/core/isolation/launcher/protocol";
import { makeObjectsReadable } from "../../git/cleanSide.ts";
import type { EgressParts } from "../egressOptions.ts";
import { openConfinedSide } from "../helper/confined.ts";
import type { OpenAgentSide } from "../side.ts";
import { AgentIdBook } from "./ids.ts";
import { userConfinement } from "./side.ts";

export interface UserOpenerOptions extends EgressParts {
  /** Path of the launcher's socket. */
  readonly socket: string;
  readonly ids: AgentIds;
}

/** Entries of the data folder with the agents' folders and the files that agents read. */
const AGENT_ENTRIES = ["workspaces", "homes", "repos"];

/** Prepare the data folder for agents as separate users. Afterwards, new files of the runner are accessible only to the runner. */
export function userOpener({ socket, ids, ...parts }: UserOpenerOptions): OpenAgentSide {
  const { config } = parts;
  for (const path of secretFiles(config)) assertClosed(path);
  process.umask(0o077);
  makeObjectsReadable();
  const book = new AgentIdBook(join(config.dataFolder, "ids"), ids);
  const closeDataFolder = (): void => closeEntries(config.dataFolder);
  closeDataFolder();
  closePaths(config);
  return (options) =>
    openConfinedSide(options, userConfinement(options, { ...parts, socket, ids: book, closeDataFolder }));
}

/** Folder in which Docker Compose mounts the secrets of a container. */
const SECRETS = "/run/secrets";

/** Return the files with secrets: the ones in this process's variables, and the ones beside them for other containers. */
function secretFiles({ secrets }: Config): ReadonlySet<string> {
  const folders = new Set([
    SECRETS,
    ...secrets.keyFiles.map((path) => dirname(path)).filter((at) => at.startsWith(SECRETS)),
  ]);
  const beside = [...folders].flatMap((folder) => namesIn(folder).map((name) => join(folder, name)));
  const files = beside.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
  return new Set([...secrets.keyFiles, ...files]);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // There is none.
  }
}

/** Number of folders above those of the issues and repositories, for each entry of the data folder. */
const DEPTHS = { workspaces: 4, homes: 3, repos: 2 } as const;

/**
 * Close the folders of older versions, which every user could enter. Other users may pass through the folders above, but enter no
 * folder of an issue or repository. Folders that belong to an issue's user are already closed.
 */
function closePaths({ dataFolder, worktree }: Config): void {
  for (const [name, depth] of Object.entries(DEPTHS)) closePath(join(dataFolder, name), depth);
  if (isAbsolute(worktree.base_dir)) closePath(worktree.base_dir, 3);
}

function closePath(path: string, depth: number): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true || found.uid !== process.getuid?.()) return;
  chmodSync(path, found.mode & (depth === 0 ? 0o7770 : 0o7731));
  if (depth > 0) for (const name of readdirSync(path)) closePath(join(path, name), depth - 1);
}

/** Check that only its owner can read a file. @throws StartupProblem if agents could read it */
function assertClosed(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && (found.mode & 0o004) !== 0) {
    const uid = process.getuid?.();
    const fix = `${found.uid === uid ? "" : `chown ${uid} ${path}; `}chmod 600 ${path}`;
    throw new StartupProblem(`every user of this machine can read ${path}, and agents are such users: ${fix}`);
  }
}

/** Let other users pass through the data folder without reading anything there. Older versions, and other programs of tac8, may have created entries that every user can read. */
function closeEntries(dataFolder: string): void {
  const { mode } = lstatSync(dataFolder);
  if ((mode & 0o077) !== 0o011) chmodSync(dataFolder, (mode & 0o7700) | 0o011);
  for (const name of readdirSync(dataFolder)) {
    if (AGENT_ENTRIES.includes(name)) continue;
    const path = join(dataFolder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.isSymbolicLink() || found.uid !== process.getuid?.()) continue;
    if ((found.mode & 0o077) !== 0) chmodSync(path, found.mode & 0o7700);
  }
}
