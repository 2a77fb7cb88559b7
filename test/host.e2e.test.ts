import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readRunners } from "@tac8/core/state/presence";
import { readEvents } from "@tac8/core/state/events";
import { createWorld, poll, type World } from "./world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const EAT = `node -e "globalThis.kept = Buffer.alloc(700 * 1024 ** 2, 1); setInterval(() => {}, 60000)"`;

test("a tired host takes nothing; a run that takes too much memory ends, is tried again, and the runner lives", async () => {
  const limits = { min_free_disk_gb: 1_000_000_000, max_memory_mb_per_run: 600 };
  world = await createWorld({ config: { host: limits } });
  const { redis, queue } = world;
  const number = world.openIssue({
    script: {
      first: [{ bash: EAT }, { result: "never" }],
      again: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }],
    },
  });
  const tired = world.startApp("runner");
  await poll(30_000, async () => {
    const [runner] = await readRunners(redis);
    return /disk free/.test(runner?.tired ?? "") ? null : `the runner says ${JSON.stringify(runner)}`;
  });
  world.startApp("scheduler");
  await world.reaches(number, "queued");
  await poll(30_000, async () => ((await queue.count()) === 1 ? null : "the job is not in the queue yet"));
  expect(tired.log()).toContain("this host is tired");
  expect(await tired.stop()).toBe(0);
  expect(await world.agentStarts()).toEqual([]);

  const path = join(world.dir, "config.toml");
  await writeFile(
    path,
    (await readFile(path, "utf8")).replace("min_free_disk_gb = 1000000000", "min_free_disk_gb = 0"),
  );
  const fit = world.startApp("runner");
  await world.reaches(number, "pr");
  const failures = (await readEvents(redis, { count: 50 })).filter(({ to }) => to === "retrying");
  expect(failures).toMatchObject([{ evidence: { failure: "out-of-memory" } }]);
  expect(failures[0]?.reason).toMatch(/more than 600 MB of memory/);
  expect(fit.child.exitCode).toBeNull();
  expect(await world.agentStarts()).toHaveLength(2);
});
