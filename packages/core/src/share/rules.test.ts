import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { mayRun, runnerRules } from "./rules.ts";

const CORE = fileURLToPath(new URL("..", import.meta.url));
const RUNNER = fileURLToPath(new URL("../../../../apps/runner/src", import.meta.url));
const SCRIPTS = join(dirname(createRequire(import.meta.url).resolve("bullmq")), "scripts");

/** Commands that the scripts of these files call. */
function called(folder: string, ending: RegExp): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (name) => ending.test(name) && !/\.(test|fixture)\.ts$|^share\//.test(name),
  );
  return files.flatMap((name) =>
    [...readFileSync(join(folder, name), "utf8").matchAll(/(?:rcall|redis\.p?call)\(\\?["']([a-z]+)/gi)].map(
      ([, command = ""]) => command.toLowerCase(),
    ),
  );
}

it.each([
  ["BullMQ", SCRIPTS, /\.js$/, 40],
  ["tac8's state", CORE, /\.ts$/, 20],
  ["the runner", RUNNER, /\.ts$/, 0],
])("a machine's user may run every command of the scripts of %s", (_, folder, ending, least) => {
  const commands = new Set(called(folder, ending));
  expect(commands.size).toBeGreaterThanOrEqual(least);
  expect([...commands].filter((command) => !mayRun(command))).toEqual([]);
});

it.each(
  [
    "config acl flushall flushdb keys scan randomkey debug shutdown monitor save",
    "replicaof migrate restore dump function module swapdb sort copy move",
  ].flatMap((line) => line.split(" ")),
)("a machine may not run %s", (command) => expect(mayRun(command)).toBe(false));

it("a machine may not write what is the scheduler's, and reads no key but tac8's", () => {
  const rules = runnerRules();
  const patterns = rules.filter((rule) => rule.startsWith("~")).map((rule) => rule.slice(1));
  const mayWrite = (key: string) =>
    patterns.some((pattern) => (pattern.endsWith("*") ? key.startsWith(pattern.slice(0, -1)) : key === pattern));
  const notIts = ["scheduler", "scheduler:lease", "health", "breaker", "samples", "notify", "notify:pending", "epoch"];
  expect([...notIts, "queue-limit"].filter((name) => mayWrite(`tac8:${name}`))).toEqual([]);
  expect(["tac8:issue:octo.hello.1", "bull:issues:wait", "tac8:events"].every(mayWrite)).toBe(true);
  expect(rules.filter((rule) => /^(%|&|-|\+@)/.test(rule))).toEqual(["%R~tac8:*", "&tac8:*", "-@all"]);
});
