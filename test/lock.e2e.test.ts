import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { afterEach, expect, test } from "vitest";
import { lock, type Lock } from "../apps/runner/src/lock/flock.ts";
import { workspacePaths } from "../apps/runner/src/workspace/paths.ts";
import { createWorld, OWNER, type World } from "./world.ts";

let world: World | undefined;
let held: Lock | undefined;
afterEach(async () => {
  held?.release();
  held = undefined;
  await world?.close();
  world = undefined;
});

test("a workspace that somebody holds is not worked in; when it is free, the job goes on", async () => {
  world = await createWorld();
  const number = world.openIssue({
    script: [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Did." }],
  });
  const { lockFile } = workspacePaths(world.home, "trees", { owner: OWNER, repo: "widgets", number });
  await mkdir(dirname(lockFile), { recursive: true });
  held = await lock(lockFile);
  world.startApp("scheduler");
  const runner = world.startApp("runner");
  await runner.says("its workspace is in use: waiting");
  expect(await world.agentStarts()).toEqual([]);
  expect((await world.store.read(world.jobId(number))).run).toBeNull();
  held.release();
  await world.reaches(number, "pr");
  expect(await world.agentStarts()).toHaveLength(1);
});
