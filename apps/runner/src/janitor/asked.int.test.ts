import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { requestCleaning, nextCleanResult, type CleanResult } from "@tac8/core/state/cleaning";
import { readEvents } from "@tac8/core/state/events";
import { connectRedis } from "@tac8/core/queue/redis";
import { lock } from "@tac8/core/process/flock";
import { receiveAsks } from "./asked.ts";
import { createJanitorBench, type JanitorBench } from "./testing.fixture.ts";

const DAY = 24 * 3_600_000;
let bench: JanitorBench;
let hearing: { close(): Promise<void> };
beforeEach(async () => {
  bench = await createJanitorBench();
  hearing = receiveAsks({ ...bench.services, id: "pi/0", dataFolderId: "home" });
});
afterEach(async () => {
  await hearing.close();
  await bench.close();
});

async function asked(id: string, dryRun: boolean): Promise<CleanResult | null> {
  const { redis } = bench.services;
  const other = redis.duplicate();
  expect(await requestCleaning(other, "pi/0", { id, dryRun })).toBe(true);
  const answer = await nextCleanResult(other, id, 60);
  other.disconnect();
  return answer;
}

test("a dry run checks as thoroughly as a real one, but removes and logs nothing", async () => {
  const { git, services } = bench;
  await git.ensure();
  await git.commit("new.txt", "new\n");
  await bench.setState(1, "failed");
  bench.advance(15 * DAY);
  // Its work is not on GitHub.
  expect(await asked("a", true)).toMatchObject({
    removedCount: 0,
    kept: [{ kind: "workspace", reason: "it has commits that are not on GitHub" }],
  });
  await git.agent(["push", "--quiet", git.originDir, `HEAD:refs/heads/${git.branch}`]);
  const dry = await asked("b", true);
  expect(dry).toMatchObject({ runner: "pi/0", homeId: "home", problem: null, keptCount: 0 });
  expect(dry?.removed).toMatchObject([{ kind: "workspace", issue: "octo.widgets.1", why: "age" }]);
  expect(dry?.bytes).toBeGreaterThan(10_000);
  expect(existsSync(git.paths.tree)).toBe(true);
  expect(await readEvents(services.redis, { count: 9 })).toEqual([]);
  expect(await asked("c", false)).toMatchObject({ removedCount: 1 });
  expect(existsSync(git.paths.tree)).toBe(false);
});

test("a request waits for another runner's round on the data folder", async () => {
  const held = await lock(join(bench.services.config.dataFolder, "janitor.lock"));
  const redis = connectRedis(`redis://127.0.0.1:${String(bench.services.redis.options.port)}`, {
    name: "test",
    onError: () => undefined,
  });
  const answer = asked("a", false);
  // It was received, but there is no answer yet.
  expect(await nextCleanResult(redis, "a", 3)).toBeNull();
  redis.disconnect();
  held.release();
  expect(await answer).toMatchObject({ problem: null, removedCount: 0 });
});
