import { randomUUID } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let runner: App;
beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
  world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const tree = (number: number) => join(world.home, "workspaces", REPO, "trees", `gh-${number}`);

/** An issue whose agent has finished; its push waits until faults are cleared. */
async function finished(): Promise<number> {
  const path = `/${REPO}.git/git-receive-pack`;
  world.github.fault({ method: "POST", path, times: 100_000, do: { status: 503 } });
  const work = [{ write: "mine.txt", text: `${randomUUID()}\n` }, { commit: "feat: mine" }, { result: "Done." }];
  const number = world.openIssue({ script: work });
  await world.enters(number, "parked", 1);
  return number;
}

// Other damage, and what is brought back then: apps/runner/src/workspace/bringBack.int.test.ts.
test("finished work whose folder is gone is published, and not done again", async () => {
  const number = await finished();
  await rm(tree(number), { recursive: true });
  world.github.clearFaults();
  await world.reaches(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "mine.txt")).toBeDefined();
});

test("finished work on a disk that is lost: waited for without a slot, and done again after a day", async () => {
  const number = await finished();
  await runner.stop();
  await rename(world.home, join(world.dir, "lost"));
  world.github.clearFaults();
  const before = world.github.requests.length;
  world.startApp("runner");
  const parkings = async () =>
    (await world.history(number)).filter(({ reason }) => reason.startsWith("waiting for the runner")).length;
  await poll(60_000, async () => ((await parkings()) >= 2 ? null : "nobody waits for the lost disk"));
  const looks = world.github.requests
    .slice(before)
    .filter(({ path, query }) => path.endsWith("/pulls") && query.includes(`gh-${number}`)).length;
  expect(looks, "one for each time that it was taken up").toBeLessThanOrEqual((await parkings()) + 1);
  expect(looks).toBeGreaterThan(1);
  expect(await world.agentStarts(number)).toHaveLength(1);

  const long = new Date(Date.now() - 25 * 3_600_000).toISOString();
  await world.store.writeIf(world.jobId(number), {}, { workedAt: long });
  await world.reaches(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(2);
  const notes = (await world.history(number)).filter(({ to }) => to === "note").map(({ reason }) => reason);
  expect(notes).toEqual([expect.stringContaining("has not come back for a day")]);
});
