import { requestCleaning } from "@tac8/core/state/cleaning";
import { readEvents } from "@tac8/core/state/events";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { announceRunner } from "@tac8/core/state/presence";
import { COMPILE_CACHE } from "@tac8/sandbox/node/compileCache";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import type { Redis } from "ioredis";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { startSharedRedis, type SharedRedis } from "../../fixtures/redis.ts";
import type { Waits } from "../context/context.ts";

const RUNNER = join(import.meta.dirname, "../../../runner/src/main.ts");
let tools: Lab;
let lab: Lab;
let server: SharedRedis;
let redis: Redis;
let github: LocalGitHub;
let runner: ChildProcess | null = null;

beforeAll(async () => {
  tools = openLab();
  server = await startSharedRedis();
  ({ redis } = server);
  github = await startGitHub({ dir: join(tools.dir, "github") });
  github.addUser({ login: "octo", token: "token-of-octo" });
  await github.createRepository({ owner: "octo", name: "hello" });
});
beforeEach(async () => {
  lab = openLab();
  await server.empty();
  const text = `[github]\nrepo_owner = "octo"\nrepo_name = "hello"\napi_url = "${github.url}"\n[llm]\ncommand = ["true"]\n`;
  writeFileSync(join(lab.dir, "config.toml"), `${text}[janitor]\nkeep_days_logs = 0\n`);
});
afterEach(async () => {
  if (runner !== null && runner.exitCode === null) {
    runner.kill("SIGTERM");
    await once(runner, "exit");
  }
  runner = null;
  await lab.close();
});
afterAll(async () => {
  await github.close();
  await server.close();
  await tools.close();
});

async function clean(args: string[] = [], waits: Waits = {}) {
  const cli = lab.start(["clean", ...args], { REDIS_URL: server.url }, waits);
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

async function startRunner(): Promise<void> {
  const settings = { HOME: lab.dir, REDIS_URL: server.url, GITHUB_TOKEN: "token-of-octo" };
  const env = { ...COMPILE_CACHE, PATH: process.env["PATH"] ?? "", ...settings };
  const child = spawn(process.execPath, [RUNNER], { cwd: lab.dir, env, stdio: ["ignore", "pipe", "inherit"] });
  runner = child;
  await new Promise<void>((resolve, reject) => {
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.includes('"runner ready"')) resolve();
    });
    child.once("exit", () => reject(new Error(`the runner ended: ${output}`)));
  });
}

/** Write the log of a run of an issue, ended or not. */
async function logOf(number: number, state: "failed" | "running"): Promise<string> {
  const folder = join(lab.dataFolder, "logs", "octo", "hello", `gh-${number}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "run.jsonl");
  writeFileSync(path, "x".repeat(5000));
  await createIssueStore(redis).writeIf(`octo.hello.${number}`, {}, { state, since: new Date(0).toISOString() });
  return path;
}

test("reports in one line that no runner is running", async () => {
  expect(await clean()).toEqual({
    code: 1,
    out: "",
    err: expect.stringMatching(
      /^tac8: no runner is running, and only a runner knows which files are in use: start one with tac8 up, .*\n$/,
    ),
  });
});

test("lists what would be removed, then removes it as the janitor does, and keeps what is in use", async () => {
  await startRunner();
  const [old, live] = [await logOf(1, "failed"), await logOf(2, "running")];
  const dry = await clean(["--dry-run"]);
  expect(dry).toMatchObject({ code: 0, out: expect.stringContaining(old) });
  expect(dry.out).toMatch(/8\.2 kB +log of octo\/hello#1, its retention time is over/);
  expect(dry.out).toContain("would remove 1 item");
  expect(dry.out).not.toContain(live);
  expect([existsSync(old), await readEvents(redis, { count: 10 })]).toEqual([true, []]);

  const { code, out } = await clean(["--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    dryRun: false,
    runners: [
      {
        home: lab.dataFolder,
        removedCount: 1,
        removed: [{ kind: "log", paths: [old], why: "age" }],
        problem: null,
      },
    ],
  });
  expect([existsSync(old), existsSync(live)]).toEqual([false, true]);
  expect(await readEvents(redis, { count: 1 })).toMatchObject([
    { to: "note", by: expect.stringMatching(/^runner /), reason: "the janitor removed 1 × log" },
  ]);
  expect((await clean()).out).toContain("Nothing to remove.");
});

test("a runner that does not respond is reported, and two commands cannot ask it at the same time", async () => {
  await announceRunner(redis, { name: "old/0", host: "old", pid: 1, at: Date.now() + 60_000, slots: 1, busy: 0 });
  const early = await clean([], { runnerAnswer: 100 });
  expect(early).toMatchObject({ code: 1, err: expect.stringMatching(/runner old\/0 does not respond/) });
  expect(await requestCleaning(redis, "old/0", { id: "x", dryRun: true })).toBe(true);
  expect(await clean()).toMatchObject({ code: 1, err: expect.stringMatching(/is already cleaning up for another/) });
});
