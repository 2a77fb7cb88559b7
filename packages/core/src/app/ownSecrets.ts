import { closeSync, readFileSync } from "node:fs";
import { scrubEnviron } from "../../../../bin/lib/environ.mjs";
import { MODEL_SECRETS, SECRETS } from "../config/variables.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Variable with the file descriptor from which an app of `tac8 up` reads its secrets: a JSON object of names and values. */
const DESCRIPTOR = "TAC8_SECRETS_FD";
/** That file descriptor, the same in every app. */
export const SECRETS_FD = 3;

/** Warning if the environment of the process still shows its secrets: see `removeSecrets`. */
export const SECRETS_SHOWN =
  "other processes of this user can read the secrets in the environment of this process: store them in files";

/** The model's secrets stay in the environment, where agents need them. */
const NAMES: readonly string[] = SECRETS.map(({ name }) => name).filter(
  (name) => !(MODEL_SECRETS as readonly string[]).includes(name),
);
/** GitHub's tokens are longer than this. A shorter text may be part of HOME or PATH by chance. */
const MIN_TOKEN = 20;

/** An environment without tac8's own secrets, and the secrets. */
export interface SplitEnvironment {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Split an environment. A variable whose value contains the GitHub token, such as GH_TOKEN, is secret under every name. Pure. */
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

/** Return the environment for an app, and the text for its file descriptor `SECRETS_FD`; null: there are no secrets. Pure. */
export function passSecrets(env: Env): {
  readonly env: Readonly<Record<string, string>>;
  readonly input: string | null;
} {
  const { env: plain, secrets } = splitEnvironment(env);
  if (Object.keys(secrets).length === 0) return { env: plain, input: null };
  return { env: { ...plain, [DESCRIPTOR]: String(SECRETS_FD) }, input: JSON.stringify(secrets) };
}

/**
 * Remove tac8's own secrets from the environment of this process, so that `/proc/<pid>/environ` does not show them and no child
 * inherits them. @returns the environment with these secrets, and with those that `tac8 up` passed; `shown`: whether `/proc` still
 * shows them
 */
export function removeSecrets(environ: NodeJS.ProcessEnv): { readonly env: Env; readonly shown: boolean } {
  const env = { ...environ, ...readHanded(environ[DESCRIPTOR]) };
  delete env[DESCRIPTOR];
  const names = Object.keys(splitEnvironment(environ).secrets);
  for (const name of [...names, DESCRIPTOR]) delete environ[name];
  return { env, shown: !scrubEnviron(names) };
}

/**
 * Return the secrets that `tac8 up` passed; none if they cannot be read: then the app reports which ones it lacks. Node does not pass
 * an inherited descriptor to its own children.
 */
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
