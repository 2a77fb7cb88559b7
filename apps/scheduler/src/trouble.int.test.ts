import { afterEach, beforeEach, expect, test } from "vitest";
import type { FaultRequest } from "@tac8/sandbox/github/faults";
import { keepsPolling, readScheduler } from "@tac8/core/state/presence";
import { createHarness, LABEL, OWNER, REPO, type Harness } from "./harness.fixture.ts";

let at: Harness;
beforeEach(async () => {
  at = await createHarness({ repositories: ["widgets", "other"] });
});
afterEach(() => at.close());

const LIST = /^\/repos\/octo\/widgets\/issues$/i;
const hour = () => String(Math.floor(Date.now() / 1000) + 3600);
const limited = () => ({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": hour() });

test.each<[string, () => FaultRequest["do"]]>([
  ["cut in the middle", () => ({ drop: "middle" })],
  ["answered with 502", () => ({ status: 502 })],
  ["answered with 401", () => ({ status: 401 })],
  ["answered with 403", () => ({ status: 403 })],
  ["dropped", () => ({ drop: "before" })],
  ["answered with an object", () => ({ status: 200, body: { message: "?" } })],
  ["refused for the rate limit", () => ({ status: 403, headers: limited() })],
])("a list whose second page is %s withdraws and adds nothing", async (_name, action) => {
  const numbers = Array.from({ length: 120 }, () => at.openIssue());
  await at.poll();
  const first = numbers[0] ?? 0;
  at.github.removeLabel({ repo: REPO, number: first, actor: OWNER, label: LABEL });
  const fresh = at.openIssue();
  // The first page passes.
  at.github.fault({ path: LIST, times: 1000, after: 1, do: action() });
  await at.poll();
  expect(await at.statusOf(first)).toBe("prioritized:queued");
  expect(await at.statusOf(fresh)).toBe("none:none");
  expect(await at.queue.count()).toBe(120);
  const { error, lastPollAt } = (await readScheduler(at.redis)) ?? {};
  expect(error).toContain("GET /repos/octo/widgets/issues");

  at.github.clearFaults();
  at.advance(2 * 3_600_000);
  await at.poll();
  expect(await at.statusOf(first)).toBe("none:withdrawn");
  expect(await at.statusOf(fresh)).toBe("prioritized:queued");
  const after = await readScheduler(at.redis);
  expect(after?.error).toBeNull();
  expect(after?.lastPollAt).toBeGreaterThan(lastPollAt ?? 0);
});

test("until the rate limit resets, GitHub gets no requests, and the scheduler reports that it waits", async () => {
  await at.poll();
  const polled = (await readScheduler(at.redis))?.lastPollAt ?? 0;
  expect(polled).toBeGreaterThan(0);
  at.github.fault({ path: LIST, times: 1, do: { status: 403, headers: limited() } });
  await at.poll();
  const before = at.github.requests.length;
  for (let round = 1; round <= 5; round += 1) await at.poll();
  expect(at.github.requests).toHaveLength(before);
  at.advance(1_800_000);
  await at.poll();
  const waiting = await readScheduler(at.redis);
  if (waiting === null) throw new Error("it said nothing");
  expect(waiting).toMatchObject({ lastPollAt: polled, error: expect.stringContaining("rate limit") as string });
  expect(keepsPolling(waiting, { pollSeconds: 1, now: waiting.at }), "in the wait").toBe(true);
  expect(keepsPolling(waiting, { pollSeconds: 1, now: waiting.at + 600_000 }), "dead in the wait").toBe(false);
  at.advance(3_700_000);
  await at.poll();
  expect(at.github.requests.length).toBeGreaterThan(before);
});

test.each<[string, FaultRequest["do"]]>([
  ["is not to be seen", { status: 404 }],
  ["is refused", { status: 403 }],
  ["is now another", { status: 200, body: { id: 1, full_name: "octo/else", default_branch: "main" } }],
])("a repository that %s does not stop the others, and is reported once", async (_name, action) => {
  at.github.fault({ path: /^\/repos\/octo\/widgets$/i, times: 1000, do: action });
  const unseen = at.openIssue();
  const there = at.openIssue({ repo: "octo/other" });
  for (let round = 1; round <= 30; round += 1) await at.poll();
  expect(await at.statusOf(unseen)).toBe("none:none");
  expect((await at.queue.getJob(`octo.other.${there}`))?.data.repo).toBe("other");
  const reported = () => at.logged.filter((line) => line.includes("octo/widgets") && line.includes('"level":40'));
  expect(reported()).toHaveLength(1);
  expect((await readScheduler(at.redis))?.lastPollAt).toBeNull();
  at.advance(11 * 60_000);
  await at.poll();
  await at.poll();
  expect(reported()).toHaveLength(2);
});

test("one issue about which GitHub answers with errors does not stop the repository", async () => {
  const ended = at.openIssue();
  await at.poll();
  await (await at.take()).end("pr", { "label.event": 1 });
  at.github.fault({ path: new RegExp(`/issues/${ended}/events$`), times: 1000, do: { status: 410 } });
  const fresh = at.openIssue();
  await at.poll();
  expect(await at.statusOf(fresh)).toBe("prioritized:queued");
  const { error, lastPollAt } = (await readScheduler(at.redis)) ?? {};
  expect(error).toContain(`/issues/${ended}/events`);
  expect(lastPollAt).not.toBeNull();
});
