import { delimiter, dirname } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** Return the environment of the apps: the operator's, with the values that `up` sets. Paths are absolute. */
export function childEnvironment(given: {
  readonly env: Env;
  readonly node: string;
  /** Address including the password. */
  readonly redisUrl: string;
  /** Whether `up` runs this Redis. */
  readonly ownRedis: boolean;
  readonly dataFolder: string;
  readonly configPath: string;
  /** Command that prints a link to the board. */
  readonly openCommand: string;
  readonly extra?: Env;
}): Record<string, string> {
  const { env, node, redisUrl, ownRedis, dataFolder, configPath, openCommand, extra = {} } = given;
  return defined({
    ...env,
    ...extra,
    PATH: pathWith(node, env["PATH"]),
    // For another Redis, keep the operator's URL: each app adds REDIS_PASSWORD itself, so that other processes cannot see it.
    ...(ownRedis ? { REDIS_URL: redisUrl } : {}),
    TAC8_HOME: dataFolder,
    TAC8_CONFIG: configPath,
    TAC8_OPEN_COMMAND: openCommand,
    // Standard input is a pipe from `up`. When `up` is killed, the pipe is closed and the apps stop.
    TAC8_STOP_ON_STDIN_EOF: "1",
    // `up` parses the log lines and shows them.
    LOG_FORMAT: "json",
    TAC8_REDIS_KEPT: ownRedis ? "1" : undefined,
  });
}

/** Return a PATH that starts with the folder of the running Node, so that `#!/usr/bin/env node` finds no older one. */
export function pathWith(node: string, path: string | undefined): string {
  return [dirname(node), ...(path ?? "").split(delimiter).filter((folder) => folder !== dirname(node))]
    .filter((folder) => folder !== "")
    .join(delimiter);
}

const DEMO_NAMES = [
  "PATH HOME USER LOGNAME SHELL LANG LC_ALL TZ TMPDIR TERM",
  "LOG_LEVEL TAC8_BOARD_PORT TAC8_BOARD_HOST TAC8_BOARD_URL TAC8_BOARD_PASSWORD TAC8_BOARD_PASSWORD_FILE",
].flatMap((names) => names.split(" "));

/** Return the environment of the demo: an allow-list, so that no real token gets into it. */
export function demoEnvironment(env: Env): Record<string, string> {
  return defined(Object.fromEntries(DEMO_NAMES.map((name) => [name, env[name]])));
}

function defined(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}
