#!/usr/bin/env node
// The operator's command. Plain JavaScript for Node 18 and newer: it finds a Node that runs TypeScript as it is, and
// hands everything over to apps/cli.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch } from "../script/launch.mjs";
import { findNode } from "../script/node.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!existsSync(join(root, "node_modules", ".package-lock.json"))) {
  fail(`tac8 is not installed yet: run "npm start" in ${root} (or "npm ci --omit=dev", then this again).`);
} else {
  const found = findNode(root);
  if (found.node === null) fail(found.problem);
  else await launch({ root, node: found.node, args: process.argv.slice(2) });
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
