#!/usr/bin/env node
// The `tac8` command. Plain JavaScript for Node 18 and newer: it checks for missing programs, and runs dist/cli.js with a suitable
// Node.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { commandOf, titleOf } from "./lib/commandOf.mjs";
import { EXIT_CONFIG } from "./lib/exitCode.mjs";
import { findNode } from "./lib/node.mjs";
import { spawnNode } from "./lib/spawn.mjs";
import { installSystemPackages } from "./lib/system.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
process.title = titleOf(args);
// These commands start Redis, git and agents. The other commands need none of them.
const starts = ["up", "demo"].includes(commandOf(args)) && !args.includes("--help") && !args.includes("-h");

try {
  await main();
} catch (error) {
  process.exitCode = starts ? EXIT_CONFIG : 1;
  // The JSON of an error, as for every command: docs/json.md.
  const shown = { error: { code: process.exitCode, lines: error.message.split("\n") } };
  if (args.includes("--json")) process.stdout.write(`${JSON.stringify(shown)}\n`);
  process.stderr.write(`tac8: ${error.message}\n`);
}

async function main() {
  const program = join(root, "dist", "cli.js");
  if (!existsSync(program))
    throw new Error(`this checkout is not built: run "npm start" or "npm run build" in ${root}`);
  if (starts) await installSystemPackages({ dev: false, redis: !process.env.REDIS_URL, ask: true });
  const node = findNode(root);
  if (node !== process.execPath) return spawnNode({ node, args: [program, ...args] });
  await import(pathToFileURL(program).href);
}
