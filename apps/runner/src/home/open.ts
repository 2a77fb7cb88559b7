import { dirname, join } from "node:path";
import type { Config } from "@tac8/core/config/resolve";
import { sharedConfig } from "../janitor/sessions.ts";
import type { HomeFile } from "./base/collect.ts";
import type { Files } from "../files/files.ts";
import { privateEnvironment } from "@tac8/core/isolation/privateEnvironment";
import { importSession, keepSession } from "./keepSession.ts";

/**
 * File in a home folder while a session is copied to it. If a crash leaves it there, the next run copies the session
 * again.
 */
const IMPORTING = ".session-is-copied";

export interface OpenHome {
  readonly place: Files;
  /** The home folder: `WorkspacePaths.homeDir`. */
  readonly home: string;
  /** Environment of agents that share a home folder. */
  readonly env: Readonly<Record<string, string>>;
  readonly git: Pick<Config["git"], "author_name" | "author_email">;
  /** Files of the base commit that the program loads. */
  readonly files: readonly HomeFile[];
  /** Session to resume; null: the run starts a new one. */
  readonly session: string | null;
}

/**
 * Create an issue's home folder for a run: new except for the session, with the base commit's files. No agent of the
 * issue may be alive. A session of the shared home folder is copied only to an issue's first home folder, because later
 * the session there is outdated.
 * @returns the environment with the folder as HOME; `imported`: whether the session came from the shared home folder.
 */
export async function openHome({
  place,
  home,
  env,
  git,
  files,
  session,
}: OpenHome): Promise<{ readonly env: Record<string, string>; readonly imported: boolean }> {
  await place.makeFolder(dirname(home));
  const isFirst = !(await place.exists(home)) || (await place.exists(join(home, IMPORTING)));
  const kept = await keepSession(place, home, session);
  const shared = sharedConfig(env);
  let imported = false;
  if (session !== null && !kept && shared !== null && isFirst) {
    const mark = join(home, IMPORTING);
    await place.writeFile(mark, "");
    imported = await importSession(place, shared, home, session);
    await place.remove(mark);
  }
  await place.writeFile(join(home, ".gitconfig"), gitConfig(git), 0o600);
  for (const { path, bytes, executable } of files) {
    const file = join(home, ".claude", path);
    await place.makeFolder(dirname(file), 0o700);
    await place.writeFile(file, bytes, executable ? 0o700 : 0o600);
  }
  return { env: privateEnvironment(env, home), imported };
}

/** Return a git configuration for tools that read the author from it; commits get their author from the environment. */
function gitConfig({ author_name: name, author_email: email }: OpenHome["git"]): string {
  return `[user]\n\tname = ${quoted(name)}\n\temail = ${quoted(email)}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
