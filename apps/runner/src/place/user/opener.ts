import { chmodSync, lstatSync, readdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { StartupProblem } from "@tac8/core/app/main";
import type { Config } from "@tac8/core/config/resolve";
import type { AgentIds } from "@tac8/core/isolation/launcher/protocol";
import type { Logger } from "@tac8/core/log/logger";
import { openObjects } from "../../git/cleanSide.ts";
import { openConfinedSide } from "../helper/confined.ts";
import type { OpenSide } from "../side.ts";
import { AgentIdBook } from "./ids.ts";
import { userConfinement } from "./side.ts";

export interface UserOpenerOptions {
  readonly config: Config;
  readonly log: Logger;
  /** Path of the launcher's socket. */
  readonly socket: string;
  readonly ids: AgentIds;
}

/** Entries of the data folder that agents' folders, and what they read, lie in. */
const WAYS = ["workspaces", "homes", "repos"];

/** Prepare what all users of a runner's agents have in common. From here on, what the runner makes is its own alone. */
export function userOpener({ config, log, socket, ids }: UserOpenerOptions): OpenSide {
  for (const path of secretFiles(config)) assertClosed(path);
  process.umask(0o077);
  openObjects();
  const book = new AgentIdBook(join(config.home, "ids"), ids);
  const closeDataFolder = (): void => closeEntries(config.home);
  closeDataFolder();
  closeWays(config);
  return (options) =>
    openConfinedSide(options, userConfinement(options, { config, log, socket, ids: book, closeDataFolder }));
}

/** Where compose mounts secrets of all containers. */
const SECRETS = "/run/secrets";

/** Files with secrets: those that this process's variables name, and those that lie beside them for other containers. */
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

/** How many folders lie above those of the issues and repositories, in each of the ways. */
const DEPTHS = { workspaces: 4, homes: 3, repos: 2 } as const;

/**
 * Folders of older versions, which made them open to all: other users may pass through those above, and enter none that is an
 * issue's or a repository's. What belongs to a user of an issue is closed already.
 */
function closeWays({ home, worktree }: Config): void {
  for (const [name, depth] of Object.entries(DEPTHS)) closeWay(join(home, name), depth);
  if (isAbsolute(worktree.base_dir)) closeWay(worktree.base_dir, 3);
}

function closeWay(path: string, depth: number): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() !== true || found.uid !== process.getuid?.()) return;
  chmodSync(path, found.mode & (depth === 0 ? 0o7770 : 0o7731));
  if (depth > 0) for (const name of readdirSync(path)) closeWay(join(path, name), depth - 1);
}

/** @throws StartupProblem agents could read it */
function assertClosed(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && (found.mode & 0o004) !== 0) {
    const uid = process.getuid?.();
    const fix = `${found.uid === uid ? "" : `chown ${uid} ${path}; `}chmod 600 ${path}`;
    throw new StartupProblem(`every user of this machine can read ${path}, and agents are such users: ${fix}`);
  }
}

/** Other users may pass through the data folder, and read nothing there. An older version, or another program of tac8 that shares the folder, has made entries that every user can read. */
function closeEntries(home: string): void {
  const { mode } = lstatSync(home);
  if ((mode & 0o077) !== 0o011) chmodSync(home, (mode & 0o7700) | 0o011);
  for (const name of readdirSync(home)) {
    if (WAYS.includes(name)) continue;
    const path = join(home, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.isSymbolicLink() || found.uid !== process.getuid?.()) continue;
    if ((found.mode & 0o077) !== 0) chmodSync(path, found.mode & 0o7700);
  }
}
