import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../problems/problem.ts";
import { LOCK_FILE } from "../up/lock.ts";

/** What the local GitHub is seeded with. */
export const DEMO_REPOSITORY = { owner: "tac8-demo", name: "greeter" };
export const DEMO_TOKEN = "demo-token";

const CONFIG_FILE = "config.toml";
const FIRST_LINE = "# Rewritten by each `tac8 demo`.";
/** Of earlier versions. */
const FORMER_FIRST_LINE = "# Written anew by each `tac8 demo`.";

/** The demo's `config.toml`: quick polls and short waits, the scripted agent, and the local GitHub. */
export function demoConfig(given: {
  readonly githubUrl: string;
  /** The scripted agent: program and arguments. */
  readonly agent: readonly string[];
  readonly boardPort: number;
}): string {
  const text = JSON.stringify; // A JSON string is a TOML string as well.
  return `${FIRST_LINE}
[coordinator]
max_concurrent_workers = 3
poll_interval_seconds = 2
shutdown_grace_seconds = 10
backoff_factor = 0.05

[github]
repo_owner = ${text(DEMO_REPOSITORY.owner)}
repo_name = ${text(DEMO_REPOSITORY.name)}
api_url = ${text(given.githubUrl)}
write_interval_ms = 0

[llm]
command = ${text(given.agent)}

[agent]
home = "private"
isolation = "none"

[host]
max_load_per_core = 0

[board]
port = ${given.boardPort}
`;
}

/**
 * Empties the demo's folder; the lock that the caller has on it stays. @throws Problem when something is there that no demo has
 * left
 */
export function emptyDemoFolder(home: string): void {
  const names = readdirSync(home).filter((name) => name !== LOCK_FILE && name !== CONFIG_FILE);
  const config = join(home, CONFIG_FILE);
  if (names.length > 0 && !isDemoConfig(config)) {
    throw new Problem(
      `${home} contains files that the demo did not create: move them away, or set TAC8_HOME to another folder`,
    );
  }
  for (const name of names) rmSync(join(home, name), { recursive: true, force: true });
  rmSync(config, { force: true }); // Last: what an interruption leaves is still known as the demo's.
}

function isDemoConfig(path: string): boolean {
  try {
    const text = readFileSync(path, "utf8");
    return [FIRST_LINE, FORMER_FIRST_LINE].some((line) => text.startsWith(line));
  } catch {
    return false;
  }
}

export function writeDemoConfig(home: string, text: string): string {
  mkdirSync(home, { recursive: true });
  const path = join(home, CONFIG_FILE);
  writeFileSync(path, text);
  return path;
}
