import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Problem } from "../problems/problem.ts";
import { LOCK_FILE } from "../up/lock.ts";

/** The repository in the local GitHub. */
export const DEMO_REPOSITORY = { owner: "tac8-demo", name: "greeter" };
export const DEMO_TOKEN = "demo-token";

const CONFIG_FILE = "config.toml";
const FIRST_LINE = "# Rewritten by each `tac8 demo`.";
/** The first line in earlier versions. */
const FORMER_FIRST_LINE = /^# Written \w+ by each `tac8 demo`\./;

/** Return the demo's `config.toml`, with short intervals, the scripted agent and the local GitHub. */
export function demoConfig(given: {
  readonly githubUrl: string;
  /** Program and arguments of the scripted agent. */
  readonly agent: readonly string[];
  readonly boardPort: number;
}): string {
  const text = JSON.stringify; // A JSON string is also a TOML string.
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

/** Empty the demo's folder, except for the caller's lock. @throws Problem if the folder has files that the demo did not create */
export function emptyDemoFolder(dataFolder: string): void {
  const names = readdirSync(dataFolder).filter((name) => name !== LOCK_FILE && name !== CONFIG_FILE);
  const config = join(dataFolder, CONFIG_FILE);
  if (names.length > 0 && !isDemoConfig(config)) {
    throw new Problem(
      `${dataFolder} contains files that the demo did not create: move them to another folder, or set TAC8_HOME to another folder`,
    );
  }
  for (const name of names) rmSync(join(dataFolder, name), { recursive: true, force: true });
  rmSync(config, { force: true }); // Last, so that after an interruption the folder is still recognized as the demo's.
}

function isDemoConfig(path: string): boolean {
  try {
    const text = readFileSync(path, "utf8");
    return text.startsWith(FIRST_LINE) || FORMER_FIRST_LINE.test(text);
  } catch {
    return false;
  }
}

export function writeDemoConfig(dataFolder: string, text: string): string {
  mkdirSync(dataFolder, { recursive: true });
  const path = join(dataFolder, CONFIG_FILE);
  writeFileSync(path, text);
  return path;
}
