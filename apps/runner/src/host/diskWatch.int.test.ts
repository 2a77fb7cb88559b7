import { afterEach, expect, test } from "vitest";
import { createBench, QUIET, type Bench } from "../agent/testing/harness.ts";
import { classifyEnd } from "../agent/classify.ts";
import { floorGb, watchDisk } from "./diskWatch.ts";

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.close();
  bench = null;
});

/** Runs with the number of bytes that each has written; `free` is the current free space. */
function disk(written: Readonly<Record<string, number>>) {
  const now = { free: 10 as number | null, checks: 0 };
  const ended: string[] = [];
  const watching = watchDisk({
    minFreeGb: 1,
    freeGb: () => {
      now.checks += 1;
      return Promise.resolve(now.free);
    },
    written: ({ runId }) => written[runId] ?? 0,
    log: QUIET,
    everyMs: 1,
  });
  const leave = Object.keys(written).map((runId) => watching.watch({ runId, end: () => ended.push(runId) }));
  const checked = async (): Promise<void> => {
    const until = now.checks + 3;
    await expect.poll(() => now.checks, { timeout: 60_000, interval: 1 }).toBeGreaterThan(until);
  };
  const at = async (free: number | null): Promise<string[]> => {
    now.free = free;
    await checked();
    return [...ended];
  };
  return { at, now, leave: () => leave.forEach((end) => end()), watching };
}

test("below half of the space that a new job needs, the run that has written the most ends first", async () => {
  const { at, leave } = disk({ small: 1, large: 9, middle: 5 });
  expect(await at(0.51)).toEqual([]);
  expect(await at(null)).toEqual([]);
  expect(await at(0.49)).toEqual(["large"]);
  expect(await at(0.26)).toEqual(["large"]);
  expect(await at(0.24)).toEqual(["large", "middle"]);
  expect(await at(0.6)).toEqual(["large", "middle"]);
  expect(await at(0.49)).toEqual(["large", "middle", "small"]);
  expect(await at(0)).toEqual(["large", "middle", "small"]);
  leave();
});

test("after all runs have left the low disk, the next run ends at the same free space as the first", async () => {
  const { at, leave, watching } = disk({ first: 0 });
  expect(await at(0.4)).toEqual(["first"]);
  leave();
  const ended: string[] = [];
  const leaveNext = watching.watch({ runId: "next", end: () => ended.push("next") });
  await at(0.4);
  leaveNext();
  expect(ended).toEqual(["next"]);
});

test("of runs that have written the same amount, the newest ends first", async () => {
  const { at, leave } = disk({ older: 0, newer: 0 });
  expect(await at(0.4)).toEqual(["newer"]);
  leave();
});

test("the disk is not checked while no agent runs, and no agent is ended without a limit", async () => {
  const { at, now, leave, watching } = disk({ only: 0 });
  await at(5);
  leave();
  const { checks } = now;
  watching.watch({ runId: "next", end: () => undefined })();
  await new Promise((resolve) => setImmediate(resolve));
  expect(now.checks - checks).toBeLessThanOrEqual(1);
  expect([floorGb(1, 0), floorGb(1, 1), floorGb(0, 3)]).toEqual([0.5, 0.25, 0]);
  expect(await watching.isShort()).toBe(false);
  now.free = 0.9;
  expect(await watching.isShort()).toBe(true);
});

test("an agent that fills the disk ends as disk-full, with one log line", async () => {
  bench = await createBench();
  const request = bench.behave("hang");
  const handle = bench.start(request);
  let free = 5;
  const watching = watchDisk({ minFreeGb: 1, freeGb: () => Promise.resolve(free), log: QUIET, everyMs: 5 });
  const leave = watching.watch({ runId: request.runId, end: (why) => void handle.kill("disk-full", why) });
  await handle.agentPid;
  free = 0.2;
  const end = await handle.done;
  leave();
  expect(end).toMatchObject({ cause: "disk-full", remaining: 0 });
  const agentResult = classifyEnd(end, { provider: "claude", now: 0 });
  expect(agentResult).toMatchObject({ ok: false, kind: "disk-full" });
  expect(agentResult).toHaveProperty(
    "message",
    expect.stringMatching(/only 0\.2 GB of free disk space .* below 0\.5 GB$/),
  );
});
