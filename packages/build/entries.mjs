// The programs of tac8: what each file of dist/ is built from. Runs on Node 18.
import { MINIMUM } from "../../bin/lib/node.mjs";

/**
 * Each entry becomes `dist/<name>.js`; paths are relative to the checkout. With `commonJs`, it becomes `dist/<name>.cjs`: a program
 * that each run starts. Such a program starts up to 30 ms earlier than an ES module, because an import of `node:http` as an ES module
 * reads all exports, and some of them are getters that load more, such as all of `fetch`.
 */
export const ENTRIES = [
  { name: "scheduler", source: "apps/scheduler/src/main.ts" },
  { name: "runner", source: "apps/runner/src/main.ts" },
  { name: "guard", source: "apps/runner/src/guard/main.ts", commonJs: true },
  { name: "guard-survivors", source: "apps/runner/src/guard/killSurvivors.ts", commonJs: true },
  { name: "place-helper", source: "apps/runner/src/agentPlace/helper/main.ts", commonJs: true },
  { name: "egress", source: "apps/runner/src/egress/main.ts", commonJs: true },
  { name: "forwarder", source: "apps/runner/src/egress/forwarder/main.ts", commonJs: true },
  { name: "exit", source: "apps/runner/src/exit/main.ts" },
  { name: "redis-tunnel", source: "apps/runner/src/redisTunnel/main.ts" },
  { name: "launcher", source: "apps/runner/src/launcher/main.ts" },
  { name: "secrets", source: "apps/runner/src/secrets/main.ts" },
  { name: "board", source: "apps/board/src/main.ts" },
  // Its commands become files of their own, so that each loads only what it needs.
  { name: "cli", source: "apps/cli/src/main.ts", split: true },
  { name: "github", source: "packages/sandbox/src/github/server/main.ts" },
  { name: "scripted-claude", source: "packages/sandbox/src/agent/main.ts", executable: true },
];

/** The language that dist/ is written in. */
export const TARGET = `node${MINIMUM}`;

/** Name of the file in `dist/` that an entry becomes. */
export const fileOf = ({ name, commonJs = false }) => `${name}.${commonJs ? "cjs" : "js"}`;
