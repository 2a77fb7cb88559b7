import { chmodSync, lstatSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { StartupProblem } from "@tac8/core/app/main";
import type { Config } from "@tac8/core/config/resolve";
import type { AgentIds } from "@tac8/core/isolation/launcher/protocol";
import type { Logger } from "@tac8/core/log/logger";
import { openConfinedSide } from "../confined.ts";
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
  for (const path of config.secrets.keyFiles) assertClosed(path);
  process.umask(0o077);
  const book = new AgentIdBook(join(config.home, "ids"), ids);
  const closeDataFolder = (): void => closeEntries(config.home);
  closeDataFolder();
  return (options) =>
    openConfinedSide(options, userConfinement(options, { config, log, socket, ids: book, closeDataFolder }));
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

/** Other users may pass through the data folder, and look at nothing there. An older version, or another program of tac8 that shares the folder, has made entries that every user can read. */
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
