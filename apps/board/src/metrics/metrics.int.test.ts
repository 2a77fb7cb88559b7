import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encodeAgentEvidence } from "@tac8/core/domain/agentEvidence";
import { tallyGitHubCalls } from "@tac8/core/ledger/githubCalls";
import { advanceLedger } from "@tac8/core/ledger/store";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import type { FormerEvent } from "@tac8/core/domain/formerEvents";
import { appendFormer } from "@tac8/core/testing/formerEvents.fixture";
import { setHold } from "@tac8/core/state/holds";
import { announceRunner, announceScheduler, type RunPresence } from "@tac8/core/state/presence";
import { ask, askAsStranger, Cleanup, setUpBoard, setUpRedis } from "../board.fixture.ts";
import { ROUTES } from "../routes.ts";
import { parseMetrics, type Family } from "./textFormat.fixture.ts";

const EVIL = 'a"b\\c\nd{e="f"} 1 \u001b[31m\ud800';
const cleanup = new Cleanup();
let redis: Redis;
let url = "";
beforeEach(async () => {
  redis = (await setUpRedis(cleanup)).redis;
  url = (await setUpBoard(cleanup, { redis })).url;
});
afterEach(() => cleanup.run());

async function metrics(): Promise<Family[]> {
  const { status, headers, body } = await ask(`${url}/metrics`);
  expect([status, headers["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"]);
  return parseMetrics(body);
}

function value(families: readonly Family[], name: string, labels: Record<string, string> = {}): number | undefined {
  const all = families.flatMap(({ series }) => series).filter((one) => one.name === name);
  return all.find((one) => Object.entries(labels).every(([key, text]) => one.labels[key] === text))?.value;
}

const log = (change: Partial<FormerEvent>) =>
  appendFormer(redis, {
    issue: "octo.hello.1",
    from: "running",
    to: "note",
    by: "t",
    reason: "",
    evidence: {},
    ...change,
  });

/** Write a value for every metric, under hostile names. */
async function fill(name: string): Promise<void> {
  const now = Date.now();
  const process = { rssMb: 100, lagMs: 12, startedAt: now - 1000 };
  const github = { requests: 9, notModified: 4, rateLimit: { limit: 5000, remaining: 4000, resetAt: now + 1000 } };
  const machine = { freeMemoryMb: 2000, totalMemoryMb: 8000, freeDiskGb: 1.5, loadPerCore: 0.5, temperatureC: 61 };
  const run: RunPresence = {
    issue: "octo.hello.1",
    title: name,
    run: "r",
    slot: "s",
    phase: "work",
    since: now,
    last: null,
    tokens: 0,
    costUsd: 0,
  };
  await announceScheduler(redis, { at: now, lastPollAt: now - 5000, error: null, process, github });
  const runner = { name, host: name, at: now, pid: 1, slots: 3, busy: 2, tired: null };
  await announceRunner(redis, { ...runner, runs: [run, { ...run, phase: "publish" }], machine, process, github });
  const causes = ["disk", "lag:pi-2"].map((code) => ({ code, effect: "half" as const, text: `${code} 1.5` }));
  const admission = { state: "half" as const, causes };
  await announceRunner(redis, { ...runner, name: "pi-2", runs: [], machine, process, admission });
  await setHold(redis, { name: "operator", reason: "lunch", by: "octo", since: now, until: null });
  const models = [{ model: name, input: 100, output: 20, cacheRead: 3, cacheWrite: 4, costUsd: 0.25 }];
  await log({ from: "queued", to: "running", evidence: { waitedMs: 40_000 } });
  await log({
    to: "agent",
    evidence: encodeAgentEvidence({ run: "r", cause: "exited", costUsd: 0.25, turns: 2, ms: 45_000, models }),
  });
  await log({ to: "retrying", evidence: { failure: "agent" } });
  await log({ to: "pr", evidence: { sinceBegunMs: 400_000 } });
  await log({ issue: "octo.hello.2", to: "failed", evidence: { failure: "timeout" } });
  await advanceLedger(redis);
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  await queue.add("a", {}, { priority: 5 });
  await queue.add("b", {});
  await queue.close();
}

test("an empty tac8 has valid metrics, with every counter at 0", async () => {
  const families = await metrics();
  expect(value(families, "tac8_issues_ended_total", { outcome: "pr" })).toBe(0);
  expect(value(families, "tac8_queue_wait_seconds_bucket", { le: "+Inf" })).toBe(0);
  expect(value(families, "tac8_health_level")).toBe(3);
  expect(value(families, "tac8_health_reason", { code: "no-runner" })).toBe(1);
  expect(value(families, "tac8_scheduler_heartbeat_timestamp_seconds")).toBeUndefined();
  expect(value(families, "tac8_process_resident_memory_bytes", { process: "board" })).toBeGreaterThan(1e7);
});

test("reports every value, with any names", async () => {
  await fill(EVIL);
  const families = await metrics();
  const named = families.find(({ name }) => name === "tac8_runner_slots")?.series.map(({ labels }) => labels["runner"]);
  const clean = 'a"b\\c d{e="f"} 1  [31m\ufffd';
  expect(named).toEqual([clean, "pi-2"]);
  const is: readonly (readonly [string, Record<string, string>, number])[] = [
    ["tac8_queue_jobs", { state: "waiting" }, 2],
    ["tac8_issues_ended_total", { outcome: "pr" }, 1],
    ["tac8_issues_ended_total", { outcome: "failed" }, 1],
    ["tac8_run_failures_total", { kind: "agent" }, 1],
    ["tac8_run_failures_total", { kind: "timeout" }, 1],
    ["tac8_agents_ended_total", { cause: "exited" }, 1],
    ["tac8_tokens_total", { model: clean, type: "cache_write" }, 4],
    ["tac8_cost_usd_total", { model: clean }, 0.25],
    ["tac8_agents_running", { runner: clean }, 1],
    ["tac8_runner_jobs", { runner: clean }, 2],
    ["tac8_hold_active", { name: "operator" }, 1],
    ["tac8_queue_admission_info", { state: "closed", because: "hold:operator" }, 1],
    ["tac8_runner_admission_info", { runner: "pi-2", state: "half", because: "disk,lag:pi-2" }, 1],
    ["tac8_runner_admission_info", { runner: clean, state: "open", because: "" }, 1],
    ["tac8_runner_resting", { runner: "pi-2" }, 0],
    ["tac8_holds_begun_total", { name: "operator" }, 1],
    ["tac8_agent_run_duration_seconds_bucket", { le: "30" }, 0],
    ["tac8_agent_run_duration_seconds_bucket", { le: "60" }, 1],
    ["tac8_agent_run_duration_seconds_sum", {}, 45],
    ["tac8_queue_wait_seconds_count", {}, 1],
    ["tac8_label_to_pr_seconds_sum", {}, 400],
    ["tac8_github_rate_limit_remaining", { process: "scheduler" }, 4000],
    ["tac8_host_disk_free_bytes", { host: clean }, 1.5e9],
    ["tac8_host_temperature_celsius", { host: clean }, 61],
    ["tac8_process_event_loop_lag_seconds", { process: "pi-2" }, 0.012],
    ["tac8_health_level", {}, 2],
  ];
  for (const [name, labels, wanted] of is)
    expect([name, labels, value(families, name, labels)]).toEqual([name, labels, wanted]);
});

test("counts are stored in Redis: requests of two processes add up, also after one of them restarted", async () => {
  const counters = { requests: 10, notModified: 4 };
  const tally = tallyGitHubCalls(redis, counters);
  await Promise.all([tally(), tally()]);
  Object.assign(counters, { requests: 15, notModified: 5 });
  await tally();
  await tallyGitHubCalls(redis, { requests: 1, notModified: 0 })();
  const { url: other } = await setUpBoard(cleanup, { redis });
  for (const board of [url, other]) {
    url = board;
    const families = await metrics();
    expect(value(families, "tac8_github_requests_total", { result: "answered" })).toBe(11);
    expect(value(families, "tac8_github_requests_total", { result: "unchanged" })).toBe(5);
  }
});

test("costs the same Redis commands for any length of the queue", async () => {
  await fill("pi-1");
  const cost = async () => {
    await metrics();
    await redis.config("RESETSTAT");
    await metrics();
    const stats = await redis.info("commandstats");
    return [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)].map(([, name, calls]) => `${name} ${calls}`).toSorted();
  };
  const few = await cost();
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  await queue.addBulk(
    Array.from({ length: 5000 }, (_, index) => ({ name: "x", data: {}, opts: { priority: (index % 3) + 1 } })),
  );
  await queue.close();
  expect(await cost()).toEqual(few);
});

test("accepts the board's password, and the metrics token, which opens no other page", async () => {
  const { url: own, dataFolder } = await setUpBoard(cleanup, { redis });
  const token = (await readFile(join(dataFolder, "tac8-metrics-token"), "utf8")).trim();
  const headers = { authorization: `Bearer ${token}` };
  expect((await askAsStranger(`${own}/metrics`)).status).toBe(401);
  expect((await askAsStranger(`${own}/metrics`, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
  expect((await askAsStranger(`${own}/metrics`, { headers })).status).toBe(200);
  expect((await ask(`${own}/metrics`)).status).toBe(200);
  for (const path of ["/", "/events", "/queues/api/queues", "/assets/live.js"]) {
    expect([path, (await askAsStranger(own + path, { headers })).status]).toEqual([path, 401]);
  }
  expect((await askAsStranger(`${own}/pause`, { method: "POST", headers })).status).toBe(401);
  // The token does not change an open page.
  for (const path of ROUTES.filter(({ requires, method }) => requires === "open" && method === "get").map(
    (one) => one.path,
  )) {
    const [known, stranger] = [await askAsStranger(own + path, { headers }), await askAsStranger(own + path)];
    expect([path, known.status, known.body]).toEqual([path, stranger.status, stranger.body]);
  }
});

test("every metric that the dashboard and the alerts use exists", async () => {
  await fill("pi-1");
  const families = await metrics();
  const known = new Set([
    ...families.map(({ name }) => name),
    ...families.flatMap(({ name, type }) =>
      type === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => name + end) : [],
    ),
  ]);
  const askedIn = async (path: string) => {
    const text = await readFile(new URL(`../../../../deploy/${path}`, import.meta.url), "utf8");
    return [...text.matchAll(/\btac8_[a-z0-9_]+/g)].map(([name]) => name);
  };
  const dashboard = await askedIn("grafana/tac8.json");
  expect(dashboard.length).toBeGreaterThan(20);
  const rules = await askedIn("prometheus/tac8.rules.yml");
  expect(rules.length).toBeGreaterThan(8);
  const asked = [...dashboard, ...rules];
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});
