import { mkdirSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectRedis } from "@tac8/core/queue/redis";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { redisUrlIn } from "../../apps/cli/src/redis/record.ts";
import { freePort } from "@tac8/sandbox/redis";
import { createNetwork, hostsUnavailableReason, type Network } from "../hosts.ts";
import { launch, type Launched } from "../launch.ts";
import { ROOT } from "../programs.ts";
import { createWorld, poll, REPO, type World } from "../world.ts";

const why = hostsUnavailableReason();
if (why !== null) console.warn(`skipped: the test of tac8 share and tac8 join: ${why}`);

/** So that a cut-off runner's job is another one's within seconds. */
const LOCK_SECONDS = 20;

/** This machine, and one that joins it, each with a `tac8 up` of its own. */
describe.skipIf(why !== null)("a second machine", () => {
  let network: Network;
  let world: World;
  let githubUrl: string;
  let redis: Redis;
  const ups: Launched[] = [];
  beforeAll(async () => {
    network = await createNetwork(1);
    world = await createWorld({
      config: { coordinator: { max_concurrent_workers: 1, lock_seconds: LOCK_SECONDS, poll_interval_seconds: 1 } },
    });
    const port = await network.forward(Number(new URL(world.github.url).port));
    githubUrl = `http://${network.address}:${port}`;
    for (const index of [0, 1]) {
      mkdirSync(folder(index), { recursive: true });
      await copyFile(world.configFile, join(folder(index), "config.toml"));
    }
  }, 120_000);
  afterAll(async () => {
    for (const { child } of ups) child.kill("SIGTERM");
    await Promise.all(ups.map(({ ended }) => ended));
    redis.disconnect();
    await world.close();
    await network.close();
  }, 120_000);

  const folder = (index: number) => join(world.base, `machine-${index}`);
  const homeOf = (index: number) => join(folder(index), "data");

  /** A command on a machine. */
  function run(index: number, args: readonly string[], input = ""): Launched {
    const launched = launch(join(ROOT, "bin/tac8.mjs"), {
      args,
      by: index === 0 ? [] : (network.hosts[0]?.by ?? []),
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: folder(index),
        TAC8_CONFIG: join(folder(index), "config.toml"),
        TAC8_HOME: homeOf(index),
        GITHUB_TOKEN: world.token,
        GITHUB_API_URL: githubUrl,
        TAC8_BOARD_PORT: "0",
        TAC8_WITNESS: world.witness,
      },
    });
    launched.child.stdin?.end(input);
    return launched;
  }
  async function outputOf(index: number, args: readonly string[], input = ""): Promise<string> {
    const command = run(index, args, input);
    expect({ code: await command.ended, err: command.stderr() }).toMatchObject({ code: 0 });
    return command.stdout();
  }
  function up(index: number): Launched {
    const launched = run(index, ["up"]);
    ups.push(launched);
    return launched;
  }

  const work = (gate: string) => [
    world.gate(gate),
    { write: "a.txt", text: "1\n" },
    { commit: "feat: a" },
    { result: "Done." },
  ];
  /** Opens two issues, and waits until each machine has one. @returns their numbers, by machine */
  async function oneEach(gate: string): Promise<readonly [number, number]> {
    const numbers = [world.openIssue({ script: work(gate) }), world.openIssue({ script: work(gate) })];
    const found = new Map<number, number>();
    await poll(120_000, async () => {
      for (const number of numbers) {
        for (const { cwd } of await world.agentStarts(number))
          found.set(String(cwd).startsWith(homeOf(0)) ? 0 : 1, number);
      }
      return found.size === 2
        ? null
        : `agents: ${JSON.stringify([...found])}\n${ups.map((one) => one.stdout().slice(-3000)).join("\n---\n")}`;
    });
    return [found.get(0) ?? 0, found.get(1) ?? 0];
  }
  const published = (number: number) => ({
    pulls: world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${number}`).length,
    pushes: world.github.pushes.filter(({ ref }) => ref === `refs/heads/auto/gh-${number}`).length,
    comments: world.github.comments(REPO, number).length,
  });
  const ONCE = { pulls: 1, pushes: 1, comments: 1 };
  const reach = (number: number) =>
    poll(180_000, async () => {
      const { state } = await createIssueStore(redis).read(world.jobId(number));
      return state === "pr"
        ? null
        : `${number} is ${state ?? "unknown"}\n${ups.map((one) => one.stdout().slice(-3000)).join("\n---\n")}`;
    });

  test("joins with one command and a token, does its part of the work, and is removed during a run: all work is published once", async () => {
    const first = up(0);
    await first.waitForOutput(/scheduler ready/);
    redis = connectRedis(redisUrlIn([homeOf(0)]) ?? "", { name: "test", onError: () => undefined });
    const port = await freePort();
    const shared = await outputOf(0, ["share", "pi-2", "--address", network.address, "--port", String(port)]);
    const [, address = ""] = /tac8 join (\S+)/.exec(shared) ?? [];
    const [token = ""] = /tac8-1\S+/.exec(shared) ?? [];
    expect(address).toBe(`rediss://pi-2@${network.address}:${port}`);
    expect(await outputOf(1, ["join", address], `${token}\n`)).toContain(
      "This machine is now a runner of the tac8 at 10.",
    );

    const second = up(1);
    await second.waitForOutput(/runner ready/);
    const both = await oneEach("both");
    expect(await outputOf(0, ["share"])).toMatch(/pi-2 +connected/);
    await world.openGate("both");
    await Promise.all(both.map(reach));
    expect(both.map(published)).toEqual([ONCE, ONCE]);
    // It is a runner alone.
    expect(second.stdout()).not.toMatch(/stand(?:s)? by|scheduler|board/i);
    expect(await readFile(join(homeOf(1), "redis-password"), "utf8")).not.toBe("");

    const cut = await oneEach("cut");
    expect(await outputOf(0, ["unshare", "pi-2"])).toContain("pi-2 has no access any more");
    await second.waitForOutput(/the job is released/);
    await world.openGate("cut");
    await Promise.all(cut.map(reach));
    expect(cut.map(published)).toEqual([ONCE, ONCE]);
    const runs = (await world.agentStarts(cut[1])).map(({ cwd }) => String(cwd).startsWith(homeOf(0)));
    expect(runs).toEqual([false, true]);
    const refused = run(1, ["status"]);
    expect(await refused.ended).toBe(1);
    expect(refused.stderr()).toContain("refuses the connection");
    // It says so, and does not fill the disk with it.
    expect(second.stdout().split("\n").length).toBeLessThan(100);

    expect(await outputOf(0, ["unshare", "--all"])).toContain("no longer listens at 10.");
    const closed = run(1, ["join", address], `${token}\n`);
    expect(await closed.ended).toBe(1);
    expect(closed.stderr()).toContain("connection refused");
    const last = world.openIssue({ script: work("cut") });
    await reach(last);
    expect(published(last)).toEqual(ONCE);
  }, 600_000);
});
