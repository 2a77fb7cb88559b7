import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEvents } from "@tac8/core/state/events";
import { readHolds } from "@tac8/core/state/holds";
import { createWorld, poll, SCRIPTED, type World } from "../world.ts";

let world: World | undefined;
let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-breaker-"));
});
afterEach(async () => {
  await world?.close();
  world = undefined;
  await rm(dir, { recursive: true });
});

test("a broken agent program holds the queue; when it is fixed, one run probes it and the queue resumes without an operator", async () => {
  const program = join(dir, "agent");
  const fixed = join(dir, "fixed");
  const text = `#!/bin/sh\n[ -f '${fixed}' ] || { echo 'cannot find a library' >&2; exit 3; }\nexec '${SCRIPTED}' "$@"\n`;
  await writeFile(program, text, { mode: 0o755 });
  world = await createWorld({
    config: {
      llm: { command: [program] },
      coordinator: { breaker_failures: 4, max_attempts: 20, backoff_factor: 0.005 },
    },
  });
  const { redis, queue } = world;
  const numbers = ["One", "Two", "Three"].map((title) => (world as World).openIssue({ title }));
  world.startApp("scheduler");
  world.startApp("runner");
  const events = async () => readEvents(redis, { count: 200 });
  const hold = async () => (await events()).find(({ to, evidence }) => to === "hold" && evidence["name"] === "breaker");
  await poll(120_000, async () => ((await hold()) === undefined ? "the breaker has not tripped" : null));
  expect((await hold())?.reason).toMatch(/the last 4 runs failed with the same error: .*cannot find a library/);

  await writeFile(fixed, "");
  for (const number of numbers) await world.waitForState(number, "pr");
  await poll(120_000, async () =>
    (await queue.getGlobalConcurrency()) === null ? null : "the probe's limit is still there",
  );
  expect((await events()).some(({ to, reason }) => to === "note" && reason.startsWith("the breaker has closed"))).toBe(
    true,
  );
  expect(await readHolds(redis)).toEqual([]);
});
