import { mkdtempSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { presentRunners } from "@tac8/core/status/snapshot";
import { readRunners } from "@tac8/core/state/presence";
import { makeCertificate, type Certificate } from "@tac8/sandbox/certificates";
import { freePort } from "@tac8/sandbox/redis";
import { createNetwork, hostsUnavailableReason, type Host, type Network } from "../hosts.ts";
import * as command from "../tac8.ts";
import { createWorld, poll, REPO, type App, type World } from "../world.ts";

const why = hostsUnavailableReason();
if (why !== null) console.warn(`skipped: the test of three hosts: ${why}`);

const PASSWORD = "secret of a machine";
/** So that a cut-off runner's job is another one's within seconds. */
const LOCK_SECONDS = 20;
const MINUTES_AHEAD = 10;

/** Three machines, and Redis with TLS and a user for each on a fourth. */
describe.skipIf(why !== null)("three hosts", () => {
  let network: Network;
  let world: World;
  let dir: string;
  let certificate: Certificate;
  let tlsPort: number;
  let githubPort: number;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "tac8-hosts-"));
    network = await createNetwork(3);
    const { address } = network;
    certificate = makeCertificate(dir, [address]);
    tlsPort = await freePort();
    world = await createWorld({
      config: { coordinator: { max_concurrent_workers: 1, lock_seconds: LOCK_SECONDS, poll_interval_seconds: 1 } },
      redis: {
        bind: `127.0.0.1 ${address}`,
        "protected-mode": "no",
        "tls-port": String(tlsPort),
        "tls-cert-file": certificate.cert,
        "tls-key-file": certificate.key,
        "tls-ca-cert-file": certificate.ca,
        "tls-auth-clients": "no",
      },
    });
    const rules = ["on", "~tac8:*", "~bull:issues:*", "&tac8:*", "+@all", "-@dangerous", "+info"];
    await world.redis.acl("SETUSER", "pi", `>${PASSWORD}`, ...rules);
    githubPort = await network.forward(Number(new URL(world.github.url).port));
    const scheduler = world.startApp("scheduler");
    await scheduler.waitForLog("scheduler ready");
  }, 120_000);
  afterAll(async () => {
    for (const host of network.hosts) {
      host.connected(true);
      host.signal("SIGCONT");
    }
    await world.close();
    await network.close();
    await rm(dir, { recursive: true, force: true });
  }, 120_000);

  async function startRunner(index: number, env: Readonly<Record<string, string>> = {}): Promise<App> {
    const { address } = network;
    const place = {
      REDIS_URL: `rediss://pi@${address}:${tlsPort}`,
      REDIS_PASSWORD: PASSWORD,
      REDIS_CA_FILE: certificate.ca,
      GITHUB_API_URL: `http://${address}:${githubPort}`,
      TAC8_HOME: join(world.base, `home-${index}`),
    };
    const runner = world.startApp("runner", { ...place, ...env }, hostOf(index).by);
    await runner.waitForLog("runner ready");
    return runner;
  }

  function hostOf(index: number): Host {
    const host = network.hosts[index];
    if (host === undefined) throw new Error("no such host");
    return host;
  }

  const beats = () => join(world.dir, "beats");
  /** Works until the gate is open, and writes down meanwhile that it lives: nanoseconds of the one clock that all hosts have. */
  const work = (gate: string) => [
    {
      bash: `until [ -e '${join(world.dir, gate)}' ]; do echo "${gate} $TAC8_RUN $(date +%s%N)" >>'${beats()}'; sleep 0.1; done`,
    },
    { write: "a.txt", text: "1\n" },
    { commit: "feat: a" },
    { result: "Done." },
  ];

  /** First and last beat of each run at a gate, in order of the first. */
  async function runsAt(gate: string): Promise<{ run: string; first: bigint; last: bigint }[]> {
    const runs = new Map<string, { run: string; first: bigint; last: bigint }>();
    for (const line of (await readFile(beats(), "utf8").catch(() => "")).split("\n")) {
      const [at, run = "", time = "0"] = line.split(" ");
      if (at !== gate) continue;
      const nanoseconds = BigInt(time);
      const known = runs.get(run);
      runs.set(run, { run, first: known?.first ?? nanoseconds, last: nanoseconds });
    }
    return [...runs.values()];
  }

  const runsBegun = (gate: string, count: number) =>
    poll(120_000, async () => ((await runsAt(gate)).length >= count ? null : `not ${count} runs at ${gate}`));
  const present = async () => presentRunners(await readRunners(world.redis), Date.now()).map(({ name }) => name);
  const published = (number: number) => ({
    pulls: world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${number}`).length,
    pushes: world.github.pushes.filter(({ ref }) => ref === `refs/heads/auto/gh-${number}`).length,
    comments: world.github.comments(REPO, number).length,
  });
  const ONCE = { pulls: 1, pushes: 1, comments: 1 };

  test("one machine is cut off during a run: its agent ends before another one starts, the work is published once, and the machine works again later", async () => {
    const first = await startRunner(0);
    const number = world.openIssue({ script: work("cut") });
    await runsBegun("cut", 1);
    const second = await startRunner(1);
    hostOf(0).connected(false);
    await runsBegun("cut", 2);
    const [before, after, ...more] = await runsAt("cut");
    expect(more).toEqual([]);
    expect((before?.last ?? 0n) < (after?.first ?? 0n)).toBe(true);
    await first.waitForLog("the job is released");
    await world.openGate("cut");
    await world.waitForState(number, "pr");

    hostOf(0).connected(true);
    await poll(120_000, async () => ((await present()).length === 2 ? null : "it is not back"));
    expect(published(number)).toEqual(ONCE);
    await second.stop();
    const next = world.openIssue({ script: work("back") });
    await world.openGate("back");
    await world.waitForState(next, "pr");
    expect(published(next)).toEqual(ONCE);
    await first.stop();
  }, 300_000);

  test("one machine is frozen with all of its processes, and resumes after another machine has done the work", async () => {
    const frozen = await startRunner(0);
    const number = world.openIssue({ script: work("frozen") });
    await runsBegun("frozen", 1);
    const other = await startRunner(1);
    hostOf(0).signal("SIGSTOP");
    await runsBegun("frozen", 2);
    await world.openGate("frozen");
    await world.waitForState(number, "pr");
    const done = published(number);
    hostOf(0).signal("SIGCONT");
    await frozen.waitForLog("the job is released");
    await poll(120_000, async () => ((await present()).length === 2 ? null : "it is not back"));
    // What it was in the middle of is over: only its runner is left.
    await poll(120_000, async () => (hostOf(0).pids().length === 1 ? null : String(hostOf(0).pids())));
    expect([done, published(number)]).toEqual([ONCE, ONCE]);
    await Promise.all([frozen.stop(), other.stop()]);
  }, 300_000);

  test("a machine whose clock is wrong is detected, takes no job and says why; the others do the work", async () => {
    const skew = join(dir, "skew.mjs");
    // As a machine without a battery for its clock, before it has found a time server.
    await writeFile(
      skew,
      `const {now} = Date, ms = ${MINUTES_AHEAD * 60_000};
globalThis.Date = class extends Date { constructor(...a) { if (a.length === 0) super(now() + ms); else super(...a); } static now() { return now() + ms; } };`,
    );
    const wrong = await startRunner(2, { NODE_OPTIONS: `--import=file://${skew}` });
    await wrong.waitForLog("s ahead of Redis': correct it");
    const right = await startRunner(1);
    const number = world.openIssue({ script: work("clock") });
    await world.openGate("clock");
    await world.waitForState(number, "pr");
    expect(published(number)).toEqual(ONCE);
    expect(await present()).toHaveLength(2);
    expect(right.log()).toContain("agent started");
    expect(wrong.log()).not.toContain("agent started");
    expect(await command.outputOf(world, "status")).toMatch(/closed: its clock is \d+ s ahead of Redis'/);
    await Promise.all([wrong.stop(), right.stop()]);
  }, 300_000);
});
