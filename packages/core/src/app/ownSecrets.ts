import { closeSync, readFileSync } from "node:fs";
import { scrubEnviron } from "../../../../bin/lib/environ.mjs";
import { MODEL_SECRETS, SECRETS } from "../config/variables.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Variable with the descriptor from which an app of `tac8 up` reads its secrets: JSON, names with values. */
const DESCRIPTOR = "TAC8_SECRETS_FD";
/** The descriptor, in every app. */
export const SECRETS_FD = 3;

/** Warning of a process whose environment still shows its secrets: see `takeSecrets`. */
export const SECRETS_SHOWN =
  "other processes of this user can read the secrets in the environment of this process: store them in files";

/** The model's secrets stay in the environment, where agents need them. */
const NAMES: readonly string[] = SECRETS.map(({ name }) => name).filter(
  (name) => !(MODEL_SECRETS as readonly string[]).includes(name),
);
/** GitHub's tokens are longer. A shorter text may be part of HOME or PATH by chance. */
const MIN_TOKEN = 20;

/** An environment without tac8's own secrets, and these. */
export interface SplitEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Pure. Variables of other names that have the GitHub token in their value, such as GH_TOKEN, count as secret too. */
export function splitEnvironment(env: Env): SplitEnvironment {
  const entries = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const token = env["GITHUB_TOKEN"]?.trim() ?? "";
  const hasToken = token.length >= MIN_TOKEN;
  const isSecret = ([name, value]: readonly [string, string]) =>
    NAMES.includes(name) || (hasToken && value.includes(token));
  return {
    env: Object.fromEntries(entries.filter((entry) => !isSecret(entry))),
    secrets: Object.fromEntries(entries.filter(isSecret)),
  };
}

/** Pure. The environment for an app, and what it reads from descriptor `SECRETS_FD`; null: nothing. */
export function handSecrets(env: Env): {
  readonly env: Readonly<Record<string, string>>;
  readonly input: string | null;
} {
  const { env: plain, secrets } = splitEnvironment(env);
  if (Object.keys(secrets).length === 0) return { env: plain, input: null };
  return { env: { ...plain, [DESCRIPTOR]: String(SECRETS_FD) }, input: JSON.stringify(secrets) };
}

/**
 * Take tac8's own secrets out of the environment of this process, so that `/proc/<pid>/environ` does not show them and no
 * child inherits them. @returns the environment with them, and with those that `tac8 up` hands over; `shown`: whether `/proc`
 * still shows them.
 */
export function takeSecrets(environ: NodeJS.ProcessEnv): { readonly env: Env; readonly shown: boolean } {
  const env = { ...environ, ...readHanded(environ[DESCRIPTOR]) };
  delete env[DESCRIPTOR];
  const names = Object.keys(splitEnvironment(environ).secrets);
  for (const name of [...names, DESCRIPTOR]) delete environ[name];
  return { env, shown: !scrubEnviron(names) };
}

/** Without them the app reports what it lacks. Node hands no descriptor that it inherited on to its own children. */
function readHanded(descriptor: string | undefined): Record<string, string> {
  if (descriptor !== String(SECRETS_FD)) return {};
  try {
    const text = readFileSync(SECRETS_FD, "utf8");
    closeSync(SECRETS_FD);
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return {};
  }
}
