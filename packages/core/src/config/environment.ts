import type { ConfigInput, ConfigProblem } from "./resolve.ts";
import { unusableProxies } from "./proxy.ts";
import { SECRETS, type SecretName } from "./variables.ts";

/** What the environment says; null where it says nothing and the file counts. */
export interface Environment {
  readonly redisUrl: string;
  /** Decoded; null: none. */
  readonly redisPassword: string | null;
  readonly apiUrl: string | null;
  readonly boardHost: string | null;
  readonly boardPort: number | null;
  readonly logLevel: string;
  readonly secrets: Readonly<Partial<Record<SecretName, string>>>;
}

const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

/** Reads it all, and adds each problem to the list. */
export function readEnvironment(input: ConfigInput, problems: ConfigProblem[]): Environment {
  const { env } = input;
  const redisUrl = env["REDIS_URL"] || "redis://127.0.0.1:6379";
  const redisPassword = passwordOf(redisUrl);
  if (!isUrl(redisUrl, ["redis:", "rediss:"]) || redisPassword === undefined) {
    problems.push({ key: "REDIS_URL", message: `found ${masked(redisUrl)}, expected redis://HOST:PORT` });
  }
  const apiUrl = env["GITHUB_API_URL"] || null;
  if (apiUrl !== null && !isUrl(apiUrl, ["http:", "https:"])) {
    problems.push({ key: "GITHUB_API_URL", message: `found ${masked(apiUrl)}, expected https://HOST/api/v3` });
  }
  for (const key of unusableProxies(env)) {
    problems.push({ key, message: `found ${masked(env[key] ?? "")}, expected http://HOST:PORT` });
  }
  const logLevel = env["LOG_LEVEL"] || "info";
  if (!LOG_LEVELS.includes(logLevel)) {
    problems.push({ key: "LOG_LEVEL", message: `found ${logLevel}, expected one of ${LOG_LEVELS.join(", ")}` });
  }
  const port = env["TAC8_BOARD_PORT"] || null;
  if (port !== null && !(/^\d{1,5}$/.test(port) && Number(port) <= 65_535)) {
    problems.push({ key: "TAC8_BOARD_PORT", message: `found ${port}, expected 0 to 65535` });
  }
  const secrets = readSecrets(input, problems);
  checkPlaces(secrets, problems);
  return {
    redisUrl,
    redisPassword: redisPassword ?? null,
    apiUrl,
    boardHost: env["TAC8_BOARD_HOST"] || null,
    boardPort: port === null ? null : Number(port),
    logLevel,
    secrets,
  };
}

function readSecrets({ env, readSecretFile }: ConfigInput, problems: ConfigProblem[]): Environment["secrets"] {
  const values: Partial<Record<SecretName, string>> = {};
  for (const { name } of SECRETS) {
    const path = env[`${name}_FILE`];
    let value = env[name];
    if (!value && path) {
      try {
        value = readSecretFile(path);
      } catch (error) {
        problems.push({ key: `${name}_FILE`, message: `cannot read ${path}: ${(error as Error).message}` });
      }
    }
    const trimmed = value?.trim();
    if (trimmed) values[name] = trimmed;
  }
  return values;
}

/** Who has such an address may write there: it is not shown. */
function checkPlaces(secrets: Environment["secrets"], problems: ConfigProblem[]): void {
  for (const [name, form] of [
    ["TAC8_SLACK_URL", "https://hooks.slack.com/services/…"],
    ["TAC8_NTFY_URL", "https://HOST/TOPIC"],
    ["TAC8_WEBHOOK_URL", "https://HOST/…"],
  ] as const) {
    const url = secrets[name];
    if (url === undefined) continue;
    const good =
      isUrl(url, ["http:", "https:"]) && (name !== "TAC8_NTFY_URL" || /[^/]\/*$/.test(new URL(url).pathname));
    if (!good) problems.push({ key: name, message: `it is no such address: expected ${form}` });
  }
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocols.includes(protocol) && hostname !== "";
}

/** Undefined: it cannot be decoded. */
function passwordOf(url: string): string | null | undefined {
  try {
    return decodeURIComponent(new URL(url).password) || null;
  } catch {
    return undefined;
  }
}

/** Fit for a message: without a password, and not too long. */
function masked(url: string): string {
  return JSON.stringify(url.replace(/^.*@/s, "***@").slice(0, 100));
}
