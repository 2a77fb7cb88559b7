import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RECORD_FORMAT } from "@tac8/core/domain/format";
import { RUNNERS_KEY } from "@tac8/core/state/keys";
import * as command from "./tac8.ts";
import { nextNumber } from "./once.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

/** Two machines: a runner with the label big and one slot, and one without labels and with two. */
let world: World;
const runners: App[] = [];
beforeAll(async () => {
  world = await createWorld({ config: { limits: { runs: 2 } } });
  const own = await readFile(world.configFile, "utf8");
  await startRunner(own, { name: "big", labels: '["big"]', slots: 1 });
  // Its own limits would let it take more.
  await startRunner(own.replace("runs = 2", "runs = 3"), { name: "small", labels: "[]", slots: 2 });
  world.startApp("scheduler");
});
afterAll(() => world.close());

async function startRunner(config: string, given: { name: string; labels: string; slots: number }): Promise<void> {
  const { name, labels, slots } = given;
  const file = join(world.base, "config", `${name}.toml`);
  const text = config.replace("max_concurrent_workers = 2", `max_concurrent_workers = ${slots}`);
  await writeFile(file, `${text}\n[runner]\nname = "${name}"\nlabels = ${labels}\n`);
  const runner = world.startApp("runner", { TAC8_CONFIG: file, TAC8_HOME: join(world.base, `home-${name}`) });
  runners.push(runner);
  await runner.waitForLog("runner ready");
}

const script = (gate: string) => [
  world.gate(gate),
  { write: "a.txt", text: "1\n" },
  { commit: "feat: a" },
  { result: "Done." },
];
const open = (gate: string, ...labels: string[]) =>
  world.openIssue({ script: script(gate), labels: [LABEL, ...labels] });
const runnersOf = async (number: number) =>
  (await world.history(number)).filter(({ to }) => to === "running").map(({ by }) => by);
const agentStarted = (number: number) =>
  poll(120_000, async () => ((await world.agentStarts(number)).length > 0 ? null : `no agent for ${number}`));

test("a job that needs a label waits without an attempt for a runner that has the label, and other jobs pass it", async () => {
  const first = open("one", "runs-on:big");
  await agentStarted(first);
  // The only slot of big is busy, and the other runner may not have it.
  const second = open("two", "runs-on:big", "priority:P0");
  await poll(120_000, async () =>
    (await world.store.read(world.jobId(second))).job.hold === "runs-on:big" ? null : "the job was not deferred",
  );
  const plain = open("three");
  await agentStarted(plain);
  expect(await world.agentStarts(second)).toEqual([]);
  expect(await command.outputOf(world, "why", String(second))).toContain("Waiting for a runner with the label big");
  await world.openGate("three");
  await world.waitForState(plain, "pr");
  await world.openGate("one");
  await world.openGate("two");
  for (const number of [first, second]) await world.waitForState(number, "pr");
  expect(await runnersOf(first)).toEqual(["runner big/0"]);
  expect(await runnersOf(second)).toEqual(["runner big/0"]);
  expect(await runnersOf(plain)).toEqual(["runner small/0"]);
  expect((await world.store.read(world.jobId(second))).job.hold).toBeNull();
});

test("no more jobs run at once than the limit over all runners allows; after a label is removed, another runner can process the job", async () => {
  const numbers = [open("four"), open("four"), open("four")];
  await poll(120_000, async () => {
    const counts = await world.queue.getJobCounts("active", "prioritized");
    return counts["active"] === 2 && counts["prioritized"] === 1 ? null : JSON.stringify(counts);
  });
  expect(await world.queue.getGlobalConcurrency()).toBe(2);
  const differs = "small/0 is configured with a different limits.runs than the scheduler, whose limits apply";
  await poll(120_000, async () =>
    (await command.outputOf(world, "status")).includes(differs) ? null : "nothing is said",
  );
  await world.openGate("four");
  for (const number of numbers) await world.waitForState(number, "pr");

  const strange = open("five", "runs-on:gpu");
  await poll(120_000, async () =>
    (await world.store.read(world.jobId(strange))).job.hold === "runs-on:gpu" ? null : "the job was not deferred",
  );
  expect(await command.outputOf(world, "why", String(strange))).toContain("no such runner is running");
  world.github.removeLabel({ repo: REPO, number: strange, label: "runs-on:gpu", actor: OWNER });
  await world.openGate("five");
  await world.waitForState(strange, "pr");
});

test("a job that a newer version has processed is deferred, and the runner logs that", async () => {
  const number = nextNumber(world);
  const key = `tac8:issue:${world.jobId(number)}`;
  await world.redis.hset(key, "format", "99");
  expect(open("six")).toBe(number);
  await Promise.any(
    runners.map((runner) =>
      runner.waitForLog(`a newer version of tac8 has worked on it (format 99, and this runner knows ${RECORD_FORMAT})`),
    ),
  );
  await poll(120_000, async () =>
    (await world.store.read(world.jobId(number))).job.hold === "format:99" ? null : "the job was not deferred",
  );
  expect(await world.agentStarts(number)).toEqual([]);
  expect(await command.outputOf(world, "why", String(number))).toContain(
    "A newer version of tac8 has worked on this issue",
  );
  await world.redis.hset(key, "format", "1");
  await poll(120_000, async () => {
    const job = await world.queue.getJob(world.jobId(number));
    return (await job?.isDelayed()) === true ? null : "it is not delayed";
  });
  await (await world.queue.getJob(world.jobId(number)))?.promote();
  await world.openGate("six");
  await world.waitForState(number, "pr");
  expect(await world.redis.hget(key, "format")).toBe(String(RECORD_FORMAT));
});

test("a runner on a copy of a data folder that is at work on this machine does not start", async () => {
  const copy = join(world.base, "home-copy");
  await cp(join(world.base, "home-big"), copy, { recursive: true });
  const runner = world.startApp("runner", { TAC8_HOME: copy });
  const exit = once(runner.child, "exit");
  await runner.waitForLog(
    "is a copy of the data folder of runner big/0, which is running: set TAC8_HOME to a new folder",
  );
  expect(await exit).toEqual([78, null]);
});

test("two runners that start at once on copies of one data folder: one exits, and does not start again beside the other", async () => {
  const id = randomUUID();
  const homes = await Promise.all(
    ["one", "other"].map(async (name) => {
      const home = join(world.base, `home-twin-${name}`);
      await mkdir(home, { mode: 0o700 });
      await writeFile(join(home, "id"), id);
      return home;
    }),
  );
  const copied = "is a copy of the data folder of runner";
  const twins = homes.map((home) => ({ home, app: world.startApp("runner", { TAC8_HOME: home }) }));
  const later = await Promise.any(twins.map(async (twin) => twin.app.waitForLog(copied).then(() => twin)));
  const other = twins.find((twin) => twin !== later)?.app.child;
  // It cannot announce itself again meanwhile.
  other?.kill("SIGSTOP");
  await later.app.stop();
  const entry = JSON.parse((await world.redis.hget(RUNNERS_KEY, `${id}/0`)) ?? "{}") as { readonly pid?: number };
  other?.kill("SIGCONT");
  expect(entry.pid).toBe(other?.pid);
  const again = world.startApp("runner", { TAC8_HOME: later.home });
  const exit = once(again.child, "exit");
  await again.waitForLog(copied);
  expect(await exit).toEqual([78, null]);
});
