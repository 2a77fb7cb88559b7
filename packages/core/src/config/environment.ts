import { errorOf } from "../domain/messageOf.ts";
import { basename, isAbsolute, join } from "node:path";
import type { ConfigInput, ConfigProblem } from "./resolve.ts";
import { unusableProxies } from "./proxy.ts";
import { isOrigin } from "./origin.ts";
import { joinFiles, sharePassword } from "./joined.ts";
import {
  isRedisUrl,
  isSentinelUrl,
  isTls,
  MAX_SOCKET_PATH,
  passwordOf,
  SERVICE_SOCKET,
  socketOf,
  withCa,
  withPassword,
  withPasswordFile,
  withSentinelPassword,
} from "./redisUrl.ts";
import { MODEL_SECRETS, SECRETS, type SecretName } from "./variables.ts";

/** Values from the environment. Null: not set, so that the file counts, or invalid. */
export interface Environment {
  readonly redisUrl: string;
  /** Whether the address of Redis is the one that `tac8 join` has stored in the data folder, because REDIS_URL is not set. */
  readonly joined: boolean;
  /** Decoded password; null: none. */
  readonly redisPassword: string | null;
  readonly apiUrl: string | null;
  readonly appId: number | null;
  readonly appInstallationId: number | null;
  readonly boardHost: string | null;
  readonly boardPort: number | null;
  readonly boardUrl: string | null;
  readonly logLevel: string;
  /** Absolute path. */
  readonly launcher: string | null;
  readonly secrets: Readonly<Partial<Record<SecretName, string>>>;
  /** Source of each secret, for display: the name of a variable, or the path of a file. */
  readonly sources: Readonly<Partial<Record<SecretName, string>>>;
  /** Key for messages about each secret: the name of a variable, or the path of a stored file. */
  readonly keys: Readonly<Partial<Record<SecretName, string>>>;
}

interface EnvironmentOptions {
  readonly dataFolder: string | null;
  /** Whether a GitHub App is configured: then a stored token is not read. Without an App, a stored private key is not read. */
  readonly usesApp: boolean;
  readonly problems: ConfigProblem[];
}

type Env = ConfigInput["env"];

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];
const LOG_FORMATS = ["json", "text"];
const REDIS_EXAMPLE = "redis://127.0.0.1:6379";

/** Return a variable without surrounding blanks and line breaks, which files and `export` lines may add; null: empty. */
export function variable(env: Env, name: string): string | null {
  return env[name]?.trim() || null;
}

/**
 * Read the environment. The problem of a variable is added to the list, and the other variables are still read.
 * @param home the data folder, in which `tac8 init` stores secrets; null: unknown
 */
export function readEnvironment(
  input: ConfigInput,
  { dataFolder, usesApp, problems }: EnvironmentOptions,
): Environment {
  const { env } = input;
  const wrong = (key: string, message: string): null => {
    problems.push({ key, message, place: isAbsolute(key) ? "stored" : "environment" });
    return null;
  };
  const expected = (key: string, found: string, what: string) => wrong(key, `found ${found}, expected ${what}`);

  const join = dataFolder === null || variable(env, "REDIS_URL") !== null ? null : joinFiles(dataFolder);
  const joinUrl = join === null ? null : readJoined(input, join.url, wrong);
  const redis = variable(env, "REDIS_URL") ?? joinUrl;
  const isGoodRedis = redis === null || isRedisUrl(redis);
  const goodRedis = isGoodRedis ? redis : expected("REDIS_URL", masked(redis), redisForm(redis));

  const api = variable(env, "GITHUB_API_URL");
  const goodApi = api === null || isUrl(api, ["http:", "https:"]);
  const apiUrl = goodApi
    ? api
    : expected("GITHUB_API_URL", masked(api), "https://HOST/api/v3, or https://api.github.com");

  const [appId, appInstallationId] = (["GITHUB_APP_ID", "GITHUB_APP_INSTALLATION_ID"] as const).map((name) => {
    const id = variable(env, name);
    if (id === null || /^[1-9]\d{0,14}$/.test(id)) return id === null ? null : Number(id);
    return expected(name, shortened(id), "a number, such as 123456");
  });

  const level = variable(env, "LOG_LEVEL");
  const isLevel = level === null || LOG_LEVELS.includes(level);
  const logLevel =
    (isLevel ? level : expected("LOG_LEVEL", shortened(level), `one of ${LOG_LEVELS.join(", ")}`)) ?? "info";

  const format = variable(env, "LOG_FORMAT");
  if (format !== null && !LOG_FORMATS.includes(format)) {
    expected("LOG_FORMAT", shortened(format), LOG_FORMATS.join(" or "));
  }

  const port = variable(env, "TAC8_BOARD_PORT");
  const isPort = port === null || (/^\d{1,5}$/.test(port) && Number(port) <= 65_535);
  const goodPort = isPort ? port : expected("TAC8_BOARD_PORT", shortened(port), "0 to 65535");

  const board = variable(env, "TAC8_BOARD_URL");
  const isBoard = board === null || isOrigin(board);
  const boardUrl = isBoard ? board : expected("TAC8_BOARD_URL", masked(board), "http://HOST:PORT, without a path");

  const launcher = variable(env, "TAC8_LAUNCHER");
  const goodLauncher = launcher === null || isAbsolute(launcher);

  for (const key of unusableProxies(env)) expected(key, masked(env[key] ?? ""), "http://HOST:PORT");

  const { secrets, sources, keys } = readSecrets(input, { dataFolder, usesApp, wrong });
  // The Redis of `tac8 up` has no password; `tac8 up` sets this variable for its apps.
  const password = variable(env, "TAC8_REDIS_KEPT") === "1" ? null : (secrets.REDIS_PASSWORD ?? null);
  const joinCa = joinUrl === null ? null : (join?.ca ?? null);
  const ca = goodRedis === null ? null : (joinCa ?? readCa(input, goodRedis, wrong));
  const bare = ca === null ? (goodRedis ?? REDIS_EXAMPLE) : withCa(goodRedis ?? "", ca);
  const full = withSentinelPassword(withPassword(bare, password), secrets.REDIS_SENTINEL_PASSWORD ?? null);
  const isOwn = variable(env, "TAC8_REDIS_KEPT") === "1" || socketOf(full)?.path === SERVICE_SOCKET;
  const redisUrl = dataFolder === null || !isOwn ? full : withPasswordFile(full, sharePassword(dataFolder));
  return {
    redisUrl,
    joined: joinUrl !== null && goodRedis !== null,
    redisPassword: passwordOf(redisUrl) ?? null,
    apiUrl,
    appId: appId ?? null,
    appInstallationId: appInstallationId ?? null,
    boardHost: variable(env, "TAC8_BOARD_HOST"),
    boardPort: goodPort === null ? null : Number(goodPort),
    boardUrl,
    logLevel,
    launcher: goodLauncher ? launcher : expected("TAC8_LAUNCHER", shortened(launcher), "the absolute path of a socket"),
    secrets: withoutWrongPlaces(secrets, wrong),
    sources,
    keys,
  };
}

/** Return the address of Redis that `tac8 join` has stored; null: this machine has not joined another one. */
function readJoined({ readStored }: ConfigInput, path: string, wrong: Wrong): string | null {
  const text = attempt(() => readStored?.(path) ?? null);
  if (text instanceof Error) return wrong(path, `cannot be read: ${text.message}`);
  const url = text?.trim() || null;
  if (url === null || (isRedisUrl(url) && isTls(url))) return url;
  return wrong(path, "it is not the address of a Redis with TLS: run tac8 join again");
}

/** Return the path of the CA certificate; null: none, or an invalid one. */
function readCa({ env, readSecretFile }: ConfigInput, redisUrl: string, wrong: Wrong): string | null {
  const path = variable(env, "REDIS_CA_FILE");
  // The Redis of `tac8 up` uses a socket.
  if (path === null || variable(env, "TAC8_REDIS_KEPT") === "1") return null;
  if (!isTls(redisUrl))
    return wrong("REDIS_CA_FILE", "it is for a Redis with TLS: write rediss://HOST:PORT in REDIS_URL");
  if (!isAbsolute(path)) return wrong("REDIS_CA_FILE", `found ${path}, expected an absolute path`);
  const text = attempt(() => readSecretFile(path));
  if (text instanceof Error) return wrong("REDIS_CA_FILE", `cannot read ${path}: ${text.message}`);
  if (text.includes("-----BEGIN CERTIFICATE-----")) return path;
  return wrong("REDIS_CA_FILE", `${path} contains no certificate: expected a PEM file with BEGIN CERTIFICATE`);
}

/** Return the expected form of the address. If only the scheme is missing, it contains the given host. */
function redisForm(found: string): string {
  if (/^unix:/i.test(found)) {
    return `unix:///PATH of at most ${MAX_SOCKET_PATH} bytes, or unix:///PATH?db=N, such as unix:///run/redis/redis.sock`;
  }
  if (isSentinelUrl(found)) {
    return "redis+sentinel://HOST:PORT,HOST:PORT/NAME, with the name of the master, or rediss+sentinel:// for TLS";
  }
  const form = "redis://HOST:PORT, rediss://HOST:PORT for TLS, or unix:///PATH";
  const candidate = `redis://${found}`;
  const plain = /^[\w.-]+(:\d{1,5})?$/.test(found) && isUrl(candidate, ["redis:"]);
  return plain ? `${form}: write ${candidate}` : `${form}, such as ${REDIS_EXAMPLE}`;
}

type Wrong = (key: string, message: string) => null;
type Found = Pick<Environment, "secrets" | "sources" | "keys">;

/** Return the path at which `tac8 init` stores a secret in the data folder: `github-token` for GITHUB_TOKEN. */
export function storedSecret(dataFolder: string, name: SecretName): string {
  return join(dataFolder, name.toLowerCase().replaceAll("_", "-"));
}

/** Return whether a problem with this key concerns the GitHub token, or the App's private key, from any source. */
export function isOfToken(key: string): boolean {
  return /^GITHUB_(TOKEN|APP_PRIVATE_KEY)(_FILE)?$|^github-(token|app-private-key)$/.test(basename(key));
}

/** Read the secrets. The variable itself takes precedence over the file in `NAME_FILE`, and that over the file in the data folder. */
function readSecrets(
  input: ConfigInput,
  { dataFolder, usesApp, wrong }: Pick<EnvironmentOptions, "dataFolder" | "usesApp"> & { readonly wrong: Wrong },
): Found {
  const { env, readStored } = input;
  const secrets: Partial<Record<SecretName, string>> = {};
  const sources: Partial<Record<SecretName, string>> = {};
  const keys: Partial<Record<SecretName, string>> = {};
  const keep = (name: SecretName, value: string, source: string): void => {
    const trouble = isToken(name) ? (troubleIn(value) ?? tooShort(name, value)) : null;
    const open = name === "GITHUB_APP_PRIVATE_KEY" && source !== name ? readableByOthers(source, input) : null;
    const why = trouble ?? open;
    if (why !== null) return void wrong(sourceKey(name, source, env), why);
    secrets[name] = value;
    sources[name] = source;
    keys[name] = sourceKey(name, source, env);
  };
  for (const { name } of SECRETS) {
    const own = variable(env, name);
    const path = variable(env, `${name}_FILE`);
    if (own !== null) keep(name, own, name);
    else if (path !== null) {
      const value = attempt(() => input.readSecretFile(path));
      if (value instanceof Error) wrong(`${name}_FILE`, `cannot read ${path}: ${value.message}`);
      else if (value.trim() === "") wrong(`${name}_FILE`, `${path} is empty: write the secret to it`);
      else keep(name, value.trim(), path);
    }
  }
  // If the environment has a key, a stored one is ignored, because it would be a second identity.
  const signedIn = MODEL_SECRETS.some((name) => given(env, name));
  for (const { name } of SECRETS) {
    const isModels = (MODEL_SECRETS as readonly string[]).includes(name);
    if (dataFolder === null || readStored === undefined || given(env, name) || (isModels && signedIn)) continue;
    if (name === (usesApp ? "GITHUB_TOKEN" : "GITHUB_APP_PRIVATE_KEY")) continue;
    const path = storedSecret(dataFolder, name);
    const value = attempt(() => readStored(path));
    if (value instanceof Error) wrong(path, `cannot be read: ${value.message}`);
    else if (value?.trim()) keep(name, value.trim(), path);
  }
  const stored = MODEL_SECRETS.filter(
    (name) => sources[name] === (dataFolder === null ? null : storedSecret(dataFolder, name)),
  );
  if (stored.length > 1) {
    wrong(
      sources[stored[0] ?? "ANTHROPIC_API_KEY"] ?? "",
      `${stored.join(" and ")} are both stored: remove one of the files`,
    );
  }
  return { secrets, sources, keys };
}

/**
 * Folders of mounted secrets. Docker and Podman use the first one, readable for every process of the container. systemd uses the second one
 * for the credentials of a unit, and lets the unit's user read them by an access control list, which appears as a group permission.
 */
const MOUNTED = /^\/run\/(?:secrets|credentials)\//;

/**
 * Return a message if other users can read the file of a private key; null: only its owner can. It is stricter than for a token, because a
 * private key does not expire.
 */
function readableByOthers(path: string, { modeOf }: ConfigInput): string | null {
  const mode = MOUNTED.test(path) ? null : (modeOf?.(path) ?? null);
  if (mode === null || (mode & 0o077) === 0) return null;
  return `other users can open ${path} (mode 0${(mode & 0o777).toString(8)}): run chmod 600 ${path}`;
}

/** Return the key for messages about a secret: its variable, or the stored file. */
function sourceKey(name: SecretName, source: string, env: Env): string {
  if (source === name) return name;
  return source === variable(env, `${name}_FILE`) ? `${name}_FILE` : source;
}

function given(env: Env, name: string): boolean {
  return variable(env, name) !== null || variable(env, `${name}_FILE`) !== null;
}

/** Return whether a secret is sent unchanged in a header. */
function isToken(name: SecretName): boolean {
  const others: readonly string[] = ["GITHUB_TOKEN", "TAC8_NTFY_TOKEN", "TAC8_METRICS_TOKEN", ...MODEL_SECRETS];
  return others.includes(name);
}

const MIN_METRICS_TOKEN = 16;

/** Return a message if the metrics token is too short. Attempts to guess it are not limited, because a limit could lock out Prometheus. */
function tooShort(name: SecretName, token: string): string | null {
  if (name !== "TAC8_METRICS_TOKEN" || token.length >= MIN_METRICS_TOKEN) return null;
  return `it is too short: expected ${MIN_METRICS_TOKEN} characters or more`;
}

/** Return why a token is invalid, without the token itself; null: it may be valid. */
function troubleIn(token: string): string | null {
  if (/^(["']).*\1$/s.test(token)) return "it is in quotes, which become part of the value: remove them";
  if (/[^\x21-\x7E]/.test(token))
    return "it contains spaces, line breaks or other characters that no token has: copy it again";
  return null;
}

/** Remove invalid addresses of notifications. The messages do not contain an address, because it allows its reader to send messages. */
function withoutWrongPlaces(secrets: Environment["secrets"], wrong: Wrong): Environment["secrets"] {
  const good: Partial<Record<SecretName, string>> = { ...secrets };
  for (const [name, form] of [
    ["TAC8_SLACK_URL", "https://hooks.slack.com/services/…"],
    ["TAC8_NTFY_URL", "https://HOST/TOPIC"],
    ["TAC8_WEBHOOK_URL", "https://HOST/…"],
  ] as const) {
    const url = secrets[name];
    if (url === undefined) continue;
    const isPlace =
      isUrl(url, ["http:", "https:"]) && (name !== "TAC8_NTFY_URL" || /[^/]\/*$/.test(new URL(url).pathname));
    if (isPlace) continue;
    wrong(name, `it is not a valid address: expected ${form}`);
    delete good[name];
  }
  return good;
}

function attempt<T>(read: () => T): T | Error {
  try {
    return read();
  } catch (error) {
    return errorOf(error);
  }
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  if (/\s/.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocols.includes(protocol) && hostname !== "";
}

/** Return a URL for a message: without a password, and shortened. */
function masked(url: string): string {
  return shortened(url.replace(/^.*@/s, "***@").replace(/password=.*/is, "password=***"));
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
