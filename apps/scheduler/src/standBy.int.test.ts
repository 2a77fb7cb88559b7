import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createLogger } from "@tac8/core/log/logger";
import { startTestRedis, type TestRedis } from "@tac8/core/state/redisServer.fixture";
import { LEASE_KEY } from "@tac8/core/state/keys";
import { createSchedulerLease } from "@tac8/core/state/schedulerLease";
import { standBy } from "./standBy.ts";

let server: TestRedis;
let logged: string[];
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server = await startTestRedis();
});
afterAll(() => server.close());
beforeEach(async () => {
  await server.redis.flushall();
  logged = [];
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const machineOf = (host: string) => ({ boot: host, pidNamespace: "pid:[1]" });
const leaseOf = (host: string, leaseMs = 60_000) =>
  createSchedulerLease(server.redis, {
    host,
    repositories: ["octo/hello"],
    machine: machineOf(host),
    leaseMs,
    aloneMs: leaseMs,
  });
const leading: string[] = [];

/** Start a scheduler whose work adds its name to `leading`. */
function scheduler(host: string, { leaseMs = 60_000, repositories = ["octo/hello"] } = {}) {
  const stop = new AbortController();
  const lease = createSchedulerLease(server.redis, {
    host,
    repositories,
    machine: machineOf(host),
    leaseMs,
    aloneMs: leaseMs,
  });
  const log = createLogger({ name: host, secrets: [], destination: { write: (line) => void logged.push(line) } });
  const lead = (signal: AbortSignal) => {
    leading.push(host);
    const done = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    return { done: done.then(() => void leading.splice(leading.indexOf(host), 1)) };
  };
  const over = standBy({ lease, lead, repositories, log, errors: () => undefined, signal: stop.signal, askMs: 20 });
  const end = async () => {
    stop.abort();
    await over;
    await lease.release();
  };
  ends.push(end);
  return { end };
}

const leads = (hosts: readonly string[]) =>
  expect.poll(() => leading, { timeout: 60_000, interval: 10 }).toEqual(hosts);

test("one of two schedulers works, and the other takes over when it ends", async () => {
  const first = scheduler("pi-1");
  await leads(["pi-1"]);
  scheduler("pi-2");
  await expect.poll(() => logged.join(""), { timeout: 60_000 }).toContain("the scheduler on pi-1 (process");
  expect(leading).toEqual(["pi-1"]);
  await first.end();
  await leads(["pi-2"]);
});

test("one that was killed is replaced when its lease expires", async () => {
  expect(await leaseOf("killed", 300).ask()).toBeNull();
  scheduler("pi-2");
  await leads(["pi-2"]);
});

test("one that was killed on this machine is replaced at once", async () => {
  const machine = machineOf("pi-1");
  const child = spawn("true");
  await once(child, "exit");
  const killed = { id: "killed", host: "pi-1", pid: child.pid ?? 0, ...machine, repositories: [] };
  await server.redis.set(LEASE_KEY, JSON.stringify(killed), "PX", 600_000);
  expect(await leaseOf("pi-2").ask()).toMatchObject({ id: "killed" });
  expect(await leaseOf("pi-1").ask()).toBeNull();
});

test("a lease is renewed after a third of its duration, and is short while another scheduler waits", async () => {
  const { redis } = server;
  const lives = { repositories: [], leaseMs: 15_000, aloneMs: 45_000 };
  const lease = createSchedulerLease(redis, { host: "pi-1", machine: machineOf("pi-1"), ...lives });
  const leftAfter = async (ms: number) => {
    await redis.pexpire(LEASE_KEY, ms);
    expect(await lease.ask()).toBeNull();
    return redis.pttl(LEASE_KEY);
  };
  await lease.ask();
  // No write, so the lease was not renewed.
  expect(await leftAfter(35_000)).toBeLessThanOrEqual(35_000);
  expect(lease.leftMs()).toBeLessThanOrEqual(35_000);
  expect(await leftAfter(29_000)).toBeGreaterThan(30_000);
  const other = createSchedulerLease(redis, { host: "pi-2", machine: machineOf("pi-2"), ...lives });
  expect(await other.ask()).toMatchObject({ host: "pi-1" });
  expect(await leftAfter(40_000)).toBeLessThanOrEqual(15_000);
  expect(lease.leftMs()).toBeLessThanOrEqual(15_000);
  expect(await leftAfter(9000)).toBeGreaterThan(10_000);
});

test("a scheduler that never receives the reply that shortens its lease does not work for longer than that", async () => {
  const { redis } = server;
  let isLost = false;
  const cutOff = {
    async eval(...args: Parameters<typeof redis.eval>) {
      const answer = await redis.eval(...args);
      if (isLost) throw new Error("the connection was lost");
      return answer;
    },
  } as unknown as typeof redis;
  const lives = { repositories: [], leaseMs: 15_000, aloneMs: 45_000 };
  const lease = createSchedulerLease(cutOff, { host: "pi-1", machine: machineOf("pi-1"), ...lives });
  await lease.ask();
  await createSchedulerLease(redis, { host: "pi-2", machine: machineOf("pi-2"), ...lives }).ask();
  isLost = true;
  await expect(lease.ask()).rejects.toThrow("lost");
  expect(await redis.pttl(LEASE_KEY)).toBeLessThanOrEqual(15_000);
  expect(lease.leftMs()).toBeLessThanOrEqual(15_000);
});

test("one whose lease another scheduler has acquired stops, and does not take the lease back", async () => {
  scheduler("pi-1");
  await leads(["pi-1"]);
  const owner = JSON.stringify({ id: "another", host: "pi-2", pid: 7, repositories: ["octo/hello"] });
  await server.redis.set(LEASE_KEY, owner, "PX", 60_000);
  await leads([]);
  expect(await server.redis.get(LEASE_KEY)).toBe(owner);
});

test("a released lease has no owner", async () => {
  const lease = leaseOf("pi-1", 60_000);
  expect(lease.leftMs()).toBe(0);
  expect(await lease.ask()).toBeNull();
  expect(lease.leftMs()).toBeGreaterThan(0);
  await lease.release();
  expect([lease.leftMs(), await server.redis.exists(LEASE_KEY)]).toEqual([0, 0]);
});

test("a standby with other repositories logs that they are not polled", async () => {
  scheduler("pi-1");
  await leads(["pi-1"]);
  scheduler("pi-2", { repositories: ["octo/hello", "octo/other"] });
  await expect.poll(() => logged.join(""), { timeout: 60_000 }).toContain("it does not poll octo/other");
});

test("a standby that is closed while it requests the lease starts nothing", async () => {
  const stop = new AbortController();
  const lease = leaseOf("pi-1");
  const ask = async () => {
    stop.abort();
    return lease.ask();
  };
  const lead = () => {
    leading.push("pi-1");
    return { done: Promise.resolve() };
  };
  const log = createLogger({ name: "pi-1", secrets: [], destination: { write: () => undefined } });
  const late = { ...lease, ask, leftMs: () => lease.leftMs(), release: () => lease.release() };
  await standBy({ lease: late, lead, repositories: [], log, errors: () => undefined, signal: stop.signal, askMs: 20 });
  expect(leading).toEqual([]);
  await lease.release();
});
