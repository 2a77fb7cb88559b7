import { afterEach, beforeEach, expect, test } from "vitest";
import type { FaultRequest } from "@tac8/sandbox/github/faults";
import { renderMarker, type Marker } from "@tac8/core/domain/marker";
import { setHold } from "@tac8/core/state/holds";
import { announceRunner } from "@tac8/core/state/presence";
import { createHarness, LABEL, OWNER, REPO, type Harness } from "./harness.fixture.ts";

let at: Harness;
beforeEach(async () => {
  at = await createHarness();
});
afterEach(() => at.close());

const by = (number: number) => ({ repo: REPO, number, actor: OWNER, label: LABEL });
const bodies = (number: number) =>
  at.github.comments(REPO, number).map(({ body }) => body.split("\n").slice(1).join("\n"));
const hold = () => ({ name: "operator", reason: "a check first", by: "a test", since: Date.now(), until: null });
const done: Marker = {
  v: 1,
  kind: "status",
  run: "r",
  outcome: "pr",
  label_event_id: 5,
  published_sha: null,
  question_id: null,
};

test("a new issue gets the queued comment, which is edited when the issue is withdrawn", async () => {
  const number = at.openIssue();
  await at.poll();
  expect(bodies(number)).toEqual([expect.stringMatching(/^\*\*Queued\*\* since /)]);
  at.github.removeLabel(by(number));
  await at.poll();
  expect(bodies(number)).toEqual([expect.stringContaining("**Withdrawn**")]);
  at.github.addLabel(by(number));
  await at.poll();
  expect(bodies(number)).toEqual([expect.stringMatching(/^\*\*Queued\*\*/)]);
});

const announce = (busy: number) =>
  announceRunner(at.redis, { at: Date.now(), id: "home/0", name: "pi/0", host: "pi", pid: 1, slots: 2, busy });

test.each([
  ["a runner that is idle", 0, () => Promise.resolve(), {}, 0],
  ["a runner with one free slot", 1, () => Promise.resolve(), {}, 2],
  ["a queue that is held", 0, () => setHold(at.redis, hold()), {}, 2],
  ["a queue that is paused", 0, () => at.queue.pause(), {}, 2],
  ["issues that wait before them", 0, () => at.queue.add("x", {} as never, { priority: 1 }), {}, 2],
  ["a limit of their repository", 0, () => Promise.resolve(), { per_repository: { [REPO]: 2 } }, 2],
  ["a limit over all runners", 0, () => Promise.resolve(), { runs: 1 }, 2],
])(
  "two new issues beside %s: they get the queued comment if they have to wait",
  async (_what, busy, arrange, limits, shown) => {
    await announce(busy);
    await arrange();
    at.restart({ config: { ...at.config, limits: { ...at.config.limits, ...limits } } });
    const numbers = [at.openIssue(), at.openIssue()];
    const before = at.github.requests.length;
    await at.poll();
    for (const number of numbers) expect(await at.statusOf(number)).toMatch(/^(prioritized|waiting):queued$/);
    expect(numbers.flatMap(bodies)).toHaveLength(shown);
    const paths = at.github.requests.slice(before).map(({ path }) => path);
    if (shown === 0) expect(paths).toEqual([`/repos/${REPO}`, `/repos/${REPO}/issues`]);
  },
);

test("an issue that ends while another one starts at once gets the comment that it is withdrawn", async () => {
  const leaving = at.openIssue();
  await at.poll();
  expect(bodies(leaving)).toEqual([expect.stringMatching(/^\*\*Queued\*\* since /)]);
  // The job waits, but not in the queue, as if it needed another runner.
  await (await at.take()).park("parked");
  await announce(0);
  at.github.removeLabel(by(leaving));
  const starting = at.openIssue();
  await at.poll();
  expect(bodies(leaving)).toEqual([expect.stringContaining("**Withdrawn**")]);
  expect(bodies(starting)).toEqual([]);
});

test("an issue that needs a runner with a label gets the queued comment", async () => {
  await announce(0);
  const number = at.openIssue({ labels: [LABEL, "runs-on:gpu"] });
  await at.poll();
  expect(bodies(number)).toHaveLength(1);
});

test("more than five new issues get no queued comments, because the queue does not wait for comments", async () => {
  const numbers = Array.from({ length: 6 }, () => at.openIssue());
  await at.poll();
  expect(await at.queue.count()).toBe(6);
  expect(numbers.flatMap(bodies)).toEqual([]);
});

test.each<[string, FaultRequest["do"]]>([
  ["refused", { status: 403 }],
  ["failing", { status: 502 }],
  ["lost after the work", { drop: "after" }],
])("a comment that is %s does not keep the issue from the queue, and never makes two", async (_name, action) => {
  at.github.fault({ method: "POST", path: /comments$/, times: 1, do: action });
  const numbers = [at.openIssue(), at.openIssue()];
  await at.poll();
  expect(await at.queue.count()).toBe(2);
  for (const number of numbers) at.github.removeLabel(by(number));
  await at.poll();
  for (const number of numbers) at.github.addLabel(by(number));
  await at.poll();
  expect(numbers.map((number) => bodies(number).length)).toEqual([1, 1]);
});

test.each([
  [422, 1],
  [403, 1],
  [401, 0],
])("after a comment that GitHub refused with %i, %i of the next ones is written", async (status, expected) => {
  at.github.fault({ method: "POST", path: /comments$/, times: 1, do: { status } });
  const numbers = [at.openIssue(), at.openIssue()];
  await at.poll();
  expect(numbers.flatMap(bodies)).toHaveLength(expected);
});

test("labelled again after an end, the comment of the run shows it and keeps its marker", async () => {
  const number = at.openIssue({ labels: [] });
  const body = `${renderMarker(done)}\n**Done**: #9.`;
  at.github.comment({ repo: REPO, number, actor: OWNER, body });
  await at.store.writeIf(at.jobId(number), {}, { state: "pr", "label.event": 1 });
  at.github.addLabel(by(number));
  await at.poll();
  const [comment, ...more] = at.github.comments(REPO, number);
  expect(more).toEqual([]);
  expect(comment?.body).toMatch(/\n\*\*Queued\*\*/);
  expect(comment?.body.split("\n")[0]).toBe(renderMarker(done));
});

test("after a Redis reset, the comment of an ended run is kept, because its marker names the label that was used", async () => {
  const number = at.openIssue();
  const body = `${renderMarker(done)}\n**Done**: #9.`;
  at.github.comment({ repo: REPO, number, actor: OWNER, body });
  await at.poll();
  expect(at.github.comments(REPO, number).map((comment) => comment.body)).toEqual([body]);
  expect(await at.statusOf(number)).toBe("prioritized:queued");
});

test("a marker in a stranger's comment is ignored", async () => {
  const number = at.openIssue();
  at.github.comment({ repo: REPO, number, actor: "stranger", body: `${renderMarker(done)}\nMine.` });
  await at.poll();
  expect(bodies(number)).toEqual(["Mine.", expect.stringMatching(/^\*\*Queued\*\*/)]);
});
