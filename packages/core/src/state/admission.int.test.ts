import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startRedisServer, type RedisServer } from "@tac8/sandbox/redis";
import { admissionText } from "../domain/admission.ts";
import { readQueueAdmission, runnerAdmission } from "./admission.ts";
import { BREAKER_KEY, HOLDS_KEY, RUNNERS_KEY } from "./keys.ts";
import { publishEvaluation } from "./healthEvaluation.ts";
import { announceRunner, readRunners } from "./presence.ts";

const NOW = 1_764_000_000_000;
let dir = "";
let server: RedisServer;
let redis: Redis;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-admission-"));
  server = await startRedisServer({ dir });
  redis = new Redis(server.url);
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true });
});

const queue = async () => admissionText(await readQueueAdmission(redis, NOW));
/** As earlier versions have written it. */
const hold = (name: string, until: number | null) =>
  redis.hset(HOLDS_KEY, name, JSON.stringify({ reason: "why", by: "scheduler", since: NOW - 1, until }));

test("holds and a breaker of an earlier version keep counting", async () => {
  expect(await queue()).toBe("open");
  await hold("breaker", NOW + 1);
  const breaker = { phase: "open", after: "1-0", way: "timeout", times: 1, concurrency: null };
  await redis.set(BREAKER_KEY, JSON.stringify(breaker));
  expect(await queue()).toBe("closed: hold breaker: why");
  // Its time is over, and its scheduler lets one job through.
  await hold("breaker", NOW);
  await redis.set(BREAKER_KEY, JSON.stringify({ ...breaker, phase: "probing" }));
  expect(await queue()).toBe("half open: the breaker is running one probe job");
  await hold("operator", null);
  expect(await queue()).toBe("closed: paused by scheduler: why");
});

test("what the scheduler has found counts while it is there", async () => {
  const reason = { level: "degraded", code: "failures", text: "many fail", action: "slow", host: null } as const;
  const evaluation = { level: "degraded", reasons: [reason], since: NOW, calmSince: null } as const;
  await publishEvaluation(redis, { ...evaluation, at: NOW });
  expect(await queue()).toBe("half open: many fail");
  await publishEvaluation(redis, { ...evaluation, at: NOW - 3_600_000 });
  expect(await queue()).toBe("open");
});

test("runners of an earlier version, of this one, and of a later one with another state, beside each other", async () => {
  const old = { host: "pi", at: NOW, pid: 1, slots: 4, busy: 0, paused: null };
  await redis.hset(RUNNERS_KEY, {
    a: JSON.stringify({ ...old, tired: "78 °C", limit: 4 }),
    b: JSON.stringify({ ...old, tired: null, limit: 2 }),
    c: JSON.stringify({ ...old, tired: null, limit: 4, paused: { by: "ann", reason: "lunch", since: 1 } }),
    d: JSON.stringify({ ...old, tired: null, limit: 4, admission: { state: "ajar", causes: [] } }),
  });
  const admission = {
    state: "half",
    causes: [{ code: "disk", effect: "half", text: "only 1.5 GB of free disk space" }],
  } as const;
  await announceRunner(redis, {
    ...old,
    name: "e",
    at: Date.now(),
    tired: null,
    limit: 2,
    admission: { ...admission, causes: [...admission.causes] },
  });
  const all = (await readRunners(redis)).toSorted((a, b) => a.name.localeCompare(b.name));
  expect(all.map((runner) => admissionText(runnerAdmission(runner)))).toEqual([
    "closed: 78 °C",
    "half open: see tac8 status",
    "closed: paused by ann: lunch",
    "open",
    "half open: only 1.5 GB of free disk space",
  ]);
  const [, , paused, , half] = all;
  // A pause is in Redis before the runner has read it.
  expect(paused && admissionText(runnerAdmission(paused, null))).toBe("open");
  const pause = { by: "ann", reason: "", since: 1 };
  expect(half && admissionText(runnerAdmission(half, pause))).toBe("closed: paused by ann");
});
