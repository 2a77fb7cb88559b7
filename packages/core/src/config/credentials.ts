import { createPrivateKey } from "node:crypto";
import type { ConfigProblem } from "./resolve.ts";
import { NO_APP_KEY, NO_TOKEN, type SecretName } from "./variables.ts";

/** Credentials of tac8 for GitHub: a user's token, or a GitHub App, which creates a new token every hour. */
export type GitHubCredentials = TokenCredentials | AppCredentials;

export interface TokenCredentials {
  readonly kind: "token";
  readonly token: string;
  /** Source of the token, for display: `GITHUB_TOKEN`, or the path of a file. */
  readonly source: string;
}

export interface AppCredentials {
  readonly kind: "app";
  readonly id: number;
  /** Null: the installation of the first repository is used. */
  readonly installationId: number | null;
  /** Key in PEM format, with line breaks. */
  readonly privateKey: string;
  /** Source of the key: the name of a variable, or the path of a file. */
  readonly source: string;
}

interface Given {
  readonly secrets: Readonly<Partial<Record<SecretName, string>>>;
  readonly sources: Readonly<Partial<Record<SecretName, string>>>;
  /** Key for messages about each secret: the name of a variable, or the path of a stored file. */
  readonly keys: Readonly<Partial<Record<SecretName, string>>>;
  readonly appId: number | undefined;
  readonly installationId: number | undefined;
}

interface Chosen {
  readonly credentials: GitHubCredentials | null;
  readonly problems: readonly ConfigProblem[];
}

/** Choose the credentials. A missing token or App key is no problem here, because only commands that use GitHub need it. Pure. */
export function chooseCredentials({ secrets, sources, keys, appId, installationId }: Given): Chosen {
  const { GITHUB_TOKEN: token, GITHUB_APP_PRIVATE_KEY: key } = secrets;
  const source = sources.GITHUB_APP_PRIVATE_KEY ?? "";
  const keyPlace = keys.GITHUB_APP_PRIVATE_KEY ?? "";
  const none = (of: string, message: string): Chosen => ({ credentials: null, problems: [problemOf(of, message)] });
  if (appId === undefined) {
    if (key !== undefined)
      return none(keyPlace, "the GitHub App of this key is not configured: set github.app_id to its id");
    if (installationId !== undefined) return none("github.app_installation_id", "set github.app_id as well");
    if (token === undefined) return { credentials: null, problems: [] };
    return { credentials: { kind: "token", token, source: sources.GITHUB_TOKEN ?? "" }, problems: [] };
  }
  if (token !== undefined) {
    return none(
      keys.GITHUB_TOKEN ?? "",
      `both a token and a GitHub App (github.app_id ${appId}) are configured: unset one of them`,
    );
  }
  if (key === undefined) return { credentials: null, problems: [] };
  const privateKey = readKey(key);
  if (privateKey === null) {
    return none(
      keyPlace,
      "it is not an RSA private key in PEM format: use the complete .pem file that GitHub generated for the App",
    );
  }
  const app = { kind: "app", id: appId, installationId: installationId ?? null, privateKey, source } as const;
  return { credentials: app, problems: [] };
}

/** Return what to do about `secrets.github` being null, in one line. Pure. */
export function noCredentials(github: { readonly app_id?: number | undefined }): string {
  return github.app_id === undefined ? NO_TOKEN : NO_APP_KEY;
}

/** Return the lines of a PEM's body, because a part of a key is secret too. Pure. */
export function secretParts(pem: string): string[] {
  return withLineEnds(pem)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => /^[A-Za-z0-9+/=]{16,}$/.test(line));
}

/** Return the key with line breaks; null: it is not a valid key. */
function readKey(text: string): string | null {
  const pem = withLineEnds(text);
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa" ? pem : null;
  } catch {
    return null; // The parser's message is not useful for an operator.
  }
}

/** Restore the line breaks of a key. A `.env` file has the key on one line, with `\n` between its lines. */
function withLineEnds(text: string): string {
  return `${text.trim().replaceAll("\\n", "\n")}\n`;
}

function problemOf(key: string, message: string): ConfigProblem {
  if (key.startsWith("github.")) return { key, message, place: "file" };
  return { key, message, place: key.startsWith("/") ? "stored" : "environment" };
}
