import { afterEach, expect, test } from "vitest";
import { createWorld, LABEL, REPO, type World } from "./world.ts";

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test("an emptied Redis and a label left behind start nothing: our own comment tells that it was used", async () => {
  world = await createWorld();
  const { github, redis } = world;
  const path = new RegExp(`^/repos/${REPO}/issues/\\d+/labels/${LABEL}$`);
  github.fault({ method: "DELETE", path, times: 1000, do: { status: 403 } });
  const script = [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Did." }];
  const number = world.openIssue({ script });
  const before = [world.startApp("scheduler"), world.startApp("runner")];
  await world.reaches(number, "pr");
  await Promise.all(before.map((app) => app.stop()));
  await redis.flushall();
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(number, "withdrawn");
  expect((await world.store.read(world.jobId(number))).reason).toContain("left behind");
  expect(await world.agentStarts()).toHaveLength(1);
  expect(github.pulls(REPO)).toHaveLength(1);
});
