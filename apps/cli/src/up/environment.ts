import { delimiter, dirname } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/** Environment of the apps: the operator's, with what `up` has settled. Paths are absolute. */
export function childEnvironment(given: {
  readonly env: Env;
  readonly node: string;
  /** With its password. */
  readonly redisUrl: string;
  /** Whether `up` has started that Redis, and starts it again. */
  readonly ownRedis: boolean;
  readonly home: string;
  readonly configPath: string;
  /** Command that prints a link to the board. */
  readonly openCommand: string;
  readonly extra?: Env;
}): Record<string, string> {
  const { env, node, redisUrl, ownRedis, home, configPath, openCommand, extra = {} } = given;
  return defined({
    ...env,
    ...extra,
    PATH: pathWith(node, env["PATH"]),
    // Of another Redis, as the operator wrote it: each app adds REDIS_PASSWORD for itself, out of sight of other processes.
    ...(ownRedis ? { REDIS_URL: redisUrl } : {}),
    TAC8_HOME: home,
    TAC8_CONFIG: configPath,
    TAC8_OPEN_COMMAND: openCommand,
    // Standard input is a pipe from `up`: when it is killed, its children see the end of it and stop.
    TAC8_STOP_ON_STDIN_EOF: "1",
    // `up` reads their lines, and shows them itself.
    LOG_FORMAT: "json",
    TAC8_REDIS_KEPT: ownRedis ? "1" : undefined,
  });
}

/** The running Node's folder first, so that `#!/usr/bin/env node` finds it and not an older one. */
export function pathWith(node: string, path: string | undefined): string {
  return [dirname(node), ...(path ?? "").split(delimiter).filter((folder) => folder !== dirname(node))]
    .filter((folder) => folder !== "")
    .join(delimiter);
}

const DEMO_NAMES = [
  "PATH HOME USER LOGNAME SHELL LANG LC_ALL TZ TMPDIR TERM",
  "LOG_LEVEL TAC8_BOARD_PORT TAC8_BOARD_HOST TAC8_BOARD_URL TAC8_BOARD_PASSWORD TAC8_BOARD_PASSWORD_FILE",
].flatMap((names) => names.split(" "));

/** What the demo sees of the operator's environment: an allow-list, so that no real token gets into it. */
export function demoEnvironment(env: Env): Record<string, string> {
  return defined(Object.fromEntries(DEMO_NAMES.map((name) => [name, env[name]])));
}

function defined(env: Env): Record<string, string> {
  return Object.fromEntries(Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));
}
