import { readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readRunners } from "@tac8/core/state/presence";
import { readEvents } from "@tac8/core/state/events";
import { createWorld, poll, REPO, type World } from "../world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const EAT = `node -e "globalThis.kept = Buffer.alloc(700 * 1024 ** 2, 1); setInterval(() => {}, 60000)"`;

test("an overloaded host starts no job; a run that uses too much memory ends and is retried, and the runner survives", async () => {
  const limits = { min_free_disk_gb: 1_000_000_000, max_memory_mb_per_run: 600 };
  world = await createWorld({ config: { host: limits } });
  const { redis, queue } = world;
  const number = world.openIssue({
    script: {
      first: [{ bash: EAT }, { result: "never" }],
      again: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }],
    },
  });
  const overloaded = world.startApp("runner");
  await poll(120_000, async () => {
    const [runner] = await readRunners(redis);
    return /free disk space/.test(runner?.tired ?? "") ? null : `the runner says ${JSON.stringify(runner)}`;
  });
  world.startApp("scheduler");
  await world.waitForState(number, "queued");
  await poll(120_000, async () => ((await queue.count()) === 1 ? null : "the job is not in the queue yet"));
  expect(overloaded.log()).toContain("host overloaded");
  expect(await overloaded.stop()).toBe(0);
  expect(await world.agentStarts()).toEqual([]);

  const path = world.configFile;
  await writeFile(
    path,
    (await readFile(path, "utf8")).replace("min_free_disk_gb = 1000000000", "min_free_disk_gb = 0"),
  );
  const fit = world.startApp("runner");
  await world.waitForState(number, "pr");
  const failures = (await readEvents(redis, { count: 50 })).filter(({ to }) => to === "retrying");
  expect(failures).toMatchObject([{ evidence: { failure: "out-of-memory" } }]);
  expect(failures[0]?.reason).toMatch(/more than 600 MB of memory/);
  expect(fit.child.exitCode).toBeNull();
  expect(await world.agentStarts()).toHaveLength(2);
});

test("two runs at once with one core each: without control groups, they use different cores", async () => {
  world = await createWorld({ config: { host: { max_cpus_per_run: 1 } } });
  const { store, github } = world;
  const go = join(world.dir, "go");
  const probe = `grep Cpus_allowed_list /proc/self/status > cores.txt; until [ -e '${go}' ]; do sleep 0.05; done`;
  const script = [{ bash: probe }, { commit: "feat: cores" }, { result: "Done." }];
  const numbers = [world.openIssue({ script }), world.openIssue({ script })];
  world.startApp("scheduler");
  const runner = world.startApp("runner");
  await poll(120_000, async () => ((await world?.agentStarts())?.length === 2 ? null : "no two agents"));
  await writeFile(go, "");
  for (const number of numbers) await world.waitForState(number, "pr");
  const by = /"by":"([^"]+)","msg":"core limit of each run"/.exec(runner.log())?.[1];
  expect(["systemd", "control group", "affinity"]).toContain(by);
  if (by !== "affinity") return;
  const branches = await Promise.all(
    numbers.map(async (number) => (await store.read(world?.jobId(number) ?? "")).branch.name),
  );
  const cores = await Promise.all(branches.map((branch) => github.file(REPO, branch ?? "", "cores.txt")));
  expect(new Set(cores).size).toBe(Math.min(2, availableParallelism()));
  for (const text of cores) expect(text).toMatch(/^Cpus_allowed_list:\t\d+\n$/);
});
