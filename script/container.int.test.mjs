import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const START = fileURLToPath(new URL("../deploy/container/start.sh", import.meta.url));
const WAITS = /^tac8 waits for you to fix this problem/;

/** Folder with a configuration, a secret and a program, as in an image. */
let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tac8-container-"));
  for (const folder of ["dist", "bin", "home"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "config.toml"), "before\n");
  writeFileSync(join(root, "token"), "before\n");
  writeFileSync(join(root, "bin/tac8"), '#!/bin/sh\necho "tac8 $*"\n', { mode: 0o755 });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function start(words, program = "") {
  writeFileSync(join(root, "dist/app.js"), program);
  const child = spawn("sh", [START, ...words], {
    cwd: root,
    env: {
      PATH: `${join(root, "bin")}:${process.env.PATH}`,
      TAC8_CONFIG: join(root, "config.toml"),
      GITHUB_TOKEN_FILE: join(root, "token"),
      TAC8_HOME: join(root, "home"),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [];
  const seen = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      for (const check of seen) check(line);
    });
  }
  const ended = once(child, "close");
  const says = (pattern) =>
    new Promise((resolve, reject) => {
      if (lines.some((line) => pattern.test(line))) resolve();
      seen.add((line) => pattern.test(line) && resolve());
      void ended.then(() => reject(new Error(`it ended, and said only ${JSON.stringify(lines)}`)));
    });
  return { child, lines, says, ended };
}

test.each([
  ["the configuration is written", () => writeFileSync(join(root, "config.toml"), "after\n")],
  ["a secret is written", () => writeFileSync(join(root, "token"), "after\n")],
  ["tac8 init stores a secret", () => writeFileSync(join(root, "home/github-token"), "after\n")],
  [
    "an editor replaces the configuration",
    () => {
      writeFileSync(join(root, "new"), "before\n");
      renameSync(join(root, "new"), join(root, "config.toml"));
    },
  ],
])(
  "a start that an operator must fix keeps the container waiting until %s, then the container exits to be restarted",
  async (_, fix) => {
    const { child, lines, says, ended } = start(["node", "dist/app.js"], 'console.error("wrong"); process.exit(78);');
    await says(WAITS);
    expect(child.exitCode).toBe(null);
    fix();
    expect(await ended).toEqual([78, null]);
    expect(lines).toEqual([
      "wrong",
      expect.stringMatching(WAITS),
      expect.stringMatching(/^the configuration or a secret/),
    ]);
  },
);

test("a signal ends a waiting container", async () => {
  const { child, says, ended } = start(["node", "dist/app.js"], "process.exit(78);");
  await says(WAITS);
  child.kill("SIGTERM");
  expect((await ended)[1]).toBe("SIGTERM");
});

test("the container exits with every other exit code of its program", async () => {
  expect(await start(["node", "dist/app.js"], "process.exit(3);").ended).toEqual([3, null]);
});

test("the program gets the container's signals, and the container waits for its exit", async () => {
  const program = `
    process.on("SIGUSR1", () => console.log("paused"));
    process.on("SIGTERM", () => setTimeout(() => process.exit(5), 200));
    setInterval(() => undefined, 1000);
    console.log("ready");`;
  const { child, says, ended } = start(["node", "dist/app.js"], program);
  await says(/ready/);
  child.kill("SIGUSR1");
  await says(/paused/);
  child.kill("SIGTERM");
  expect(await ended).toEqual([5, null]);
});

test.each([
  [["doctor", "--json"], "tac8 doctor --json"],
  [["sh", "-c", "echo program"], "program"],
  [["/bin/echo", "path"], "path"],
  [["node", "-p", "1 + 1"], "2"],
])("%j: a program, or the command of tac8", async (words, line) => {
  const { lines, ended } = start(words);
  expect(await ended).toEqual([0, null]);
  expect(lines).toEqual([line]);
});
