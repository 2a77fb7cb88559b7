import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Config } from "@tac8/core/config/resolve";
import { sharedConfig } from "../janitor/sessions.ts";
import type { HomeFile } from "./base/collect.ts";
import { bringSession, keepSession } from "./keepSession.ts";
import { toolchainVariables } from "./toolchains.ts";

/** A file in a home folder: a session is being copied to it. If a crash leaves it there, the next run copies again. */
const BRINGING = ".session-is-copied";

export interface OpenHome {
  /** The issue's: `WorkspacePaths.homeDir`. */
  readonly home: string;
  /** The environment of agents that share a home folder. */
  readonly env: Readonly<Record<string, string>>;
  readonly git: Pick<Config["git"], "author_name" | "author_email">;
  /** Files of the base commit that the program loads. */
  readonly files: readonly HomeFile[];
  /** To be resumed; null: the run begins a new one. */
  readonly session: string | null;
}

/**
 * Makes an issue's home folder as each of its runs finds it: new, but for the session, with the base commit's files. No agent
 * of the issue may be alive. A session of the shared home folder is copied only to an issue's first home folder: later, the
 * copy there is older than what the issue has done since.
 * @returns the environment with it as HOME; `brought`: whether the session came from the shared home folder.
 */
export async function openHome({
  home,
  env,
  git,
  files,
  session,
}: OpenHome): Promise<{ readonly env: Record<string, string>; readonly brought: boolean }> {
  await mkdir(dirname(home), { recursive: true });
  const isFirst = !existsSync(home) || existsSync(join(home, BRINGING));
  const kept = await keepSession(home, session);
  const shared = sharedConfig(env);
  let brought = false;
  if (session !== null && !kept && shared !== null && isFirst) {
    const mark = join(home, BRINGING);
    await writeFile(mark, "");
    brought = await bringSession(shared, home, session);
    await rm(mark, { force: true });
  }
  await writeFile(join(home, ".gitconfig"), gitConfig(git), { flag: "wx", mode: 0o600 });
  for (const { path, bytes, executable } of files) {
    const place = join(home, ".claude", path);
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await writeFile(place, bytes, { flag: "wx", mode: executable ? 0o700 : 0o600 });
  }
  return { env: privateEnvironment(env, home), brought };
}

/** Pure but for a look at which toolchains are there. */
export function privateEnvironment(env: Readonly<Record<string, string>>, home: string): Record<string, string> {
  const { CLAUDE_CONFIG_DIR: _, ...rest } = env;
  const owner = env["HOME"];
  return { ...rest, ...(owner ? toolchainVariables(rest, owner, existsSync) : {}), HOME: home };
}

/** For tools that ask git who commits; commits have their author from the environment. */
function gitConfig({ author_name: name, author_email: email }: OpenHome["git"]): string {
  return `[user]\n\tname = ${quoted(name)}\n\temail = ${quoted(email)}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
