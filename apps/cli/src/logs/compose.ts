import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LogSource } from "./sources.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The files that Compose searches for. COMPOSE_FILE may name others, also in `.env`. */
const FILES = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
const NEEDED = /^(PATH|HOME|LANG|LC_ALL|TZ|TERM|XDG_RUNTIME_DIR|(COMPOSE|DOCKER)_\w+)$/;
/** The services whose logs are shown. Redis has its own log. */
const SERVICES = ["scheduler", "runner", "board", "exit"];
const ANSWER_MS = 20_000;

/** Return the variables that Docker's commands need. */
function dockerEnv(env: Env): Record<string, string> {
  const entries = Object.entries(env).filter(([name, value]) => NEEDED.test(name) && value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Return tac8's services with a container in the compose project of this folder. Empty: there is no project, or no Docker. */
export async function composeServices(cwd: string, env: Env): Promise<string[]> {
  if (env["COMPOSE_FILE"] === undefined && !FILES.some((file) => existsSync(join(cwd, file)))) return [];
  const options = { cwd, env: dockerEnv(env), timeout: ANSWER_MS, encoding: "utf8" } as const;
  const args = ["compose", "ps", "--all", "--services"];
  const output = await new Promise<string>((resolve) =>
    execFile("docker", args, options, (error, stdout) => resolve(error === null ? stdout : "")),
  );
  const found = new Set(output.split("\n").map((line) => line.trim()));
  return SERVICES.filter((name) => found.has(name));
}

/** Return the command that prints the logs of containers. Pure. */
export function composeCommand(given: {
  readonly services: readonly string[];
  readonly follow: boolean;
  readonly lines: number;
  readonly cwd: string;
  readonly env: Env;
}): LogSource {
  const { services, follow, lines, cwd, env } = given;
  // The colours of Compose come with sequences that move the cursor.
  const args = [
    "compose",
    "--ansi",
    "never",
    "logs",
    "--tail",
    String(lines),
    ...(follow ? ["--follow"] : []),
    ...services,
  ];
  return { program: "docker", args, appOf: null, follow, cwd, env: dockerEnv(env) };
}
