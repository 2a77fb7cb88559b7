import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LogSource } from "./sources.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** As compose looks for them; COMPOSE_FILE may name others, also in `.env`. */
const FILES = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
const NEEDED = /^(PATH|HOME|LANG|LC_ALL|TZ|TERM|XDG_RUNTIME_DIR|(COMPOSE|DOCKER)_\w+)$/;
/** The services of tac8 whose lines are for people; redis has its own. */
const SERVICES = ["scheduler", "runner", "board", "exit"];
const ANSWER_MS = 20_000;

/** What Docker's commands need of the environment. */
function dockerEnv(env: Env): Record<string, string> {
  const entries = Object.entries(env).filter(([name, value]) => NEEDED.test(name) && value !== undefined);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** tac8's services that have a container in the compose project of this folder. Empty: there is no project, or no Docker. */
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

/** Pure. Of containers: what Docker keeps of their output. */
export function composeCommand(given: {
  readonly services: readonly string[];
  readonly follow: boolean;
  readonly lines: number;
  readonly cwd: string;
  readonly env: Env;
}): LogSource {
  const { services, follow, lines, cwd, env } = given;
  // Its own colours come with sequences that move the cursor.
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
