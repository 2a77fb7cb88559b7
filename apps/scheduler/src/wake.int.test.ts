import { afterEach, beforeEach, expect, test } from "vitest";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createHarness, type Harness } from "./harness.fixture.ts";
import { reconcileHolds } from "./holds.ts";
import { createWaker } from "./wake.ts";

let at: Harness;
beforeEach(async () => {
  at = await createHarness();
});
afterEach(() => at.close());

const round = async (wake: () => Promise<void>) => {
  const { redis, queue, services } = at;
  await reconcileHolds({ redis, queue, log: services.log, now: services.now() });
  await wake();
};

fieldTest("E1", "an expired hold wakes its jobs before their own time", async () => {
  const { redis, queue, services } = at;
  const number = at.openIssue();
  await at.poll();
  const until = services.now() + 60_000;
  await setHold(redis, { name: "auth", reason: "r", by: "b", since: 1, until });
  await (await at.take()).park("parked", { "end.failure": "auth", "job.hold": "auth" });
  const wake = createWaker({ redis, queue, log: services.log, now: services.now });
  await round(wake);
  expect(await at.statusOf(number)).toBe("delayed:parked");
  at.advance(61_000);
  await round(wake);
  expect(await at.statusOf(number)).toBe("prioritized:parked");
});

test("a job that was parked for a hold that had already ended is found later", async () => {
  const { redis, queue, services } = at;
  const number = at.openIssue();
  await at.poll();
  const taken = await at.take();
  await setHold(redis, { name: "auth", reason: "r", by: "b", since: 1, until: null });
  const wake = createWaker({ redis, queue, log: services.log, now: services.now });
  await round(wake);
  await clearHold(redis, "auth", "ann@pi", "fixed");
  await round(wake);
  await taken.park("parked", { "end.failure": "auth", "job.hold": "auth" });
  await round(wake);
  expect(await at.statusOf(number)).toBe("delayed:parked");
  at.advance(31_000);
  await round(wake);
  expect(await at.statusOf(number)).toBe("prioritized:parked");
});
