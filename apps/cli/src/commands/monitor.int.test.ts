import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connectRedis } from "@tac8/core/queue/redis";
import { appendFormer } from "@tac8/core/testing/formerEvents.fixture";
import { announceRunner, announceScheduler, type RunPresence } from "@tac8/core/state/presence";
import { COMPILE_CACHE } from "@tac8/sandbox/node/compileCache";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { openTmux } from "../../fixtures/tmux.ts";
import { widthOf } from "../terminal/text.ts";

const MAIN = join(import.meta.dirname, "../main.ts");
let lab: Lab;
let server: RedisServer;
let redis: Redis;
let pane: Awaited<ReturnType<typeof openTmux>>;

beforeEach(async () => {
  lab = openLab();
  mkdirSync(join(lab.dir, "redis"));
  server = await startRedisServer({ dir: join(lab.dir, "redis") });
  redis = connectRedis(server.url, { name: "test", onError: () => undefined });
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "Octo"\nrepo_name = "Hello"\n');
  const settings = { HOME: lab.dir, REDIS_URL: server.url, PS1: "shell> " };
  const env = { ...COMPILE_CACHE, PATH: process.env["PATH"] ?? "", ...settings };
  pane = await openTmux({ socket: join(lab.dir, "tmux"), cwd: lab.dir, env });
});
afterEach(async () => {
  await pane.close();
  redis.disconnect();
  await server.stop();
  await lab.close();
});

const start = () => pane.keys(`clear; ${process.execPath} ${MAIN} monitor; echo "ended with $?"`, "Enter");
const shows = (pattern: RegExp) =>
  expect.poll(async () => (await pane.lines()).join("\n"), { timeout: 60_000, interval: 100 }).toMatch(pattern);
const hasExited = async () => {
  await shows(/ended with 0/);
  // The screen of the shell, with a cursor and its former content.
  expect([
    await pane.property("alternate_on"),
    await pane.property("cursor_flag"),
    await pane.property("wrap_flag"),
  ]).toEqual(["0", "1", "1"]);
};

const LONG = `${"日本語 and a long story about it, ".repeat(9)}\u001b[2J\u001b[31m\u202e`;

function runs(now: number, count: number): RunPresence[] {
  return Array.from({ length: count }, (_, index) => ({
    issue: `octo.hello.${471 + index}`,
    title: `Title ${index} ${LONG}`,
    run: `run-${index}`,
    slot: "pi-1/0",
    phase: "work",
    since: now - (index + 1) * 60_000,
    last: { at: now, kind: "tool", text: `Bash: npm test ${index} ${LONG}` },
    tokens: 1000,
    costUsd: 0.42,
  }));
}

/** Write more of everything than fits on the screen. */
async function fill(): Promise<void> {
  const now = Date.now();
  await announceScheduler(redis, { at: now, lastPollAt: now, error: `502 from GitHub ${LONG}` });
  for (const name of ["pi-1/0", "pi-2/0", "pi-3/0", "pi-4/0"]) {
    const machine = { freeMemoryMb: 300, totalMemoryMb: 8000, freeDiskGb: 0.7, loadPerCore: 0.5, temperatureC: 81 };
    const runner = { name, host: name.slice(0, 4), at: now, pid: 1, slots: 3, busy: 3, tired: null, limit: 1 };
    await announceRunner(redis, { ...runner, machine, runs: name === "pi-1/0" ? runs(now, 5) : [] });
  }
  for (let number = 1; number <= 30; number += 1) {
    const event = { issue: `octo.hello.${number}`, from: "running", to: "failed", by: `runner ${LONG}` } as const;
    await appendFormer(redis, { ...event, reason: `${number} ${LONG}`, evidence: {} });
  }
}

it("shows everything at 80 × 24 without a line that wraps or overflows, and restores the terminal", async () => {
  await fill();
  await start();
  await shows(/Redis at 127\.0\.0\.1:\d+ .*q quits/);
  const lines = await pane.lines();
  expect([await pane.property("alternate_on"), await pane.property("cursor_flag")]).toEqual(["1", "0"]);
  expect(lines).toHaveLength(24);
  expect(lines.filter((line) => widthOf(line) > 79)).toEqual([]);
  const page = lines.join("\n");
  for (const part of [
    /^Health +degraded/m,
    /#47\d +work +[1-5] min +\$0\.42 +pi-1\/0 +Bash: npm test/,
    /^Queue/m,
    /30 日本語/,
  ]) {
    expect(page).toMatch(part);
  }
  // A wrapped line would push the title off the screen.
  expect(lines[0]).toMatch(/^Redis at/);
  await pane.keys("q");
  await hasExited();
});

it("updates by itself: changes appear, an unreachable Redis is reported, and it recovers", async () => {
  const now = Date.now();
  await announceScheduler(redis, { at: now, lastPollAt: now, error: null });
  await start();
  await shows(/no runner is running/);
  await announceRunner(redis, {
    name: "pi-1",
    host: "pi",
    at: Date.now(),
    pid: 1,
    slots: 3,
    busy: 1,
    runs: runs(now, 1),
  });
  await shows(/#471 +work/);
  process.kill(server.pid, "SIGSTOP");
  try {
    await shows(/Redis at 127\.0\.0\.1:\d+ has been unreachable since \d\d:\d\d:\d\d/);
    await shows(/#471 +work/); // What was known stays.
  } finally {
    process.kill(server.pid, "SIGCONT");
  }
  await expect
    .poll(async () => (await pane.lines()).join("\n"), { timeout: 60_000 })
    .not.toMatch(/has been unreachable since/);
  const port = Number(new URL(server.url).port);
  await server.stop();
  await shows(/has been unreachable since/);
  server = await startRedisServer({ dir: join(lab.dir, "redis"), port });
  await expect
    .poll(async () => (await pane.lines()).join("\n"), { timeout: 60_000 })
    .not.toMatch(/has been unreachable since/);
  await pane.keys("C-c");
  await hasExited();
});

it("follows the terminal's size", async () => {
  await fill();
  await start();
  await shows(/q quits/);
  for (const [columns, rows] of [
    [120, 40],
    [60, 12],
    [30, 5],
    [80, 24],
  ] as const) {
    await pane.resize(columns, rows);
    await expect
      .poll(
        async () => {
          const lines = await pane.lines();
          return [lines.length, widthOf(lines[0] ?? ""), lines.filter((line) => widthOf(line) >= columns)];
        },
        { timeout: 60_000 },
      )
      .toEqual([rows, columns - 1, []]);
  }
  await pane.keys("q");
  await hasExited();
});

it("restores the terminal after a signal", async () => {
  await pane.keys(`sh -c 'echo $$ >pid; exec ${process.execPath} ${MAIN} monitor'; echo "ended with $?"`, "Enter");
  await shows(/q quits/);
  process.kill(Number(readFileSync(join(lab.dir, "pid"), "utf8")), "SIGTERM");
  await hasExited();
});

it("prints one line if there is no terminal", async () => {
  const cli = lab.start(["monitor"], { REDIS_URL: server.url });
  expect(await cli.ended).toMatchObject({ code: 2 });
  expect([cli.stdout(), cli.stderr()]).toEqual([
    "",
    "tac8: monitor needs a terminal: use tac8 status, or tac8 status --json in scripts\n",
  ]);
});
