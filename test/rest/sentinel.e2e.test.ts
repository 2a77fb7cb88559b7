import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { withPassword, withSentinelPassword } from "@tac8/core/config/redisUrl";
import { startSentinels, type Sentinels } from "@tac8/core/testing/sentinels.fixture";
import { launch } from "../launch.ts";
import { expectOnce } from "../once.ts";
import { programOf } from "../programs.ts";
import { environmentOf } from "../tac8.ts";
import { createWorld, poll, type World } from "../world.ts";

const passwords = { password: "of-redis", sentinelPassword: "of-the-sentinels" };

let dir: string;
let sentinels: Sentinels;
let env: Readonly<Record<string, string>>;
let world: World;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-sentinel-"));
  sentinels = await startSentinels({ dir, ...passwords });
  env = {
    REDIS_URL: sentinels.url,
    REDIS_PASSWORD: passwords.password,
    REDIS_SENTINEL_PASSWORD: passwords.sentinelPassword,
  };
  world = await createWorld({
    env,
    redisUrl: withSentinelPassword(withPassword(sentinels.url, passwords.password), passwords.sentinelPassword),
    // One attempt: a fail-over that used one would end the issue as failed.
    config: { coordinator: { max_attempts: 1, poll_interval_seconds: 1 } },
  });
}, 60_000);
afterAll(async () => {
  await world.close();
  await sentinels.close();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

const roleOf = async () => /^role:(\w+)/m.exec(await world.redis.info("replication"))?.[1];

test("Redis' master is killed while agents work: every app continues with the replica, nothing is done twice, and new jobs start", async () => {
  const apps = [world.startApp("scheduler"), world.startApp("runner"), world.startApp("board")];
  await apps[1]?.waitForLog("runner ready");
  const work = (gate: string) => [
    { write: "a.txt", text: "1\n" },
    { commit: "feat: a" },
    world.gate(gate),
    { result: "Done." },
  ];
  const [during, after] = [world.openIssue({ script: work("during") }), world.openIssue({ script: work("after") })];
  await poll(120_000, async () => ((await world.agentStarts()).length === 2 ? null : "not both agents are at work"));
  // What the replica does not have yet is lost with the master: the README says so. Here it has everything.
  await poll(120_000, async () => ((await world.redis.wait(1, 1000)) === 1 ? null : "the replica is behind"));

  await sentinels.first.stop("SIGKILL");
  // One agent ends while there is no master, the other one when there is one again.
  await world.openGate("during");
  await poll(120_000, async () => ((await roleOf()) === "master" ? null : "no new master"));
  await world.openGate("after");
  await world.waitForState(during, "pr");
  await world.waitForState(after, "pr");
  await expectOnce(world, during);
  await expectOnce(world, after);

  const next = world.openIssue({ script: [{ write: "b.txt", text: "1\n" }, { result: "Done." }] });
  await world.waitForState(next, "pr");
  await expectOnce(world, next);
  const status = launch(programOf("cli"), { args: ["status"], env: { ...environmentOf(world), ...env } });
  expect(await status.ended).toBe(0);
  expect(status.stdout()).toContain("tac8 (Sentinels 127.0.0.1:");
  expect(await Promise.all(apps.map((app) => app.stop()))).toEqual([0, 0, 0]);
}, 240_000);
