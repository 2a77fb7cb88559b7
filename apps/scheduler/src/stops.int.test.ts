import { removeFinishedStop, stopIssue } from "@tac8/core/queue/stop";
import { STOPS_KEY } from "@tac8/core/state/keys";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHarness, LABEL, OWNER, REPO, type Harness } from "./harness.fixture.ts";
import { createStops } from "./stops.ts";

let at: Harness;
let check: () => Promise<void>;
beforeEach(async () => {
  at = await createHarness();
  check = createStops(at.services);
});
afterEach(() => at.close());

const by = (number: number) => ({ repo: REPO, number, actor: OWNER, label: LABEL });
const bodies = (number: number) => at.github.comments(REPO, number).map(({ body }) => body);
const pending = () => at.redis.smembers(STOPS_KEY);

const ref = (number: number) => ({ owner: OWNER, repo: "widgets", number });

function stopOptions(number: number) {
  const { queue, store, redis } = at;
  return { queue, store, redis, jobId: at.jobId(number), by: "ann@pi", reason: "no", kill: false, now: 1 };
}

const stop = (number: number) => stopIssue(stopOptions(number));

/** Process an issue once, with a pull request. */
async function ended(number: number): Promise<void> {
  at.github.addLabel(by(number));
  await at.poll();
  const job = await at.take();
  const event = await at.services.github.newestLabeledEvent(ref(number), number, LABEL);
  await job.end("pr", { "label.event": event?.id ?? 0 });
  at.github.removeLabel(by(number));
}

test("a stop in the queue: its label does not queue the issue again, the stop is reported once, and a new label starts a new round", async () => {
  const number = at.openIssue({ labels: [LABEL, "rpi-blocked", "bug"] });
  await at.poll();
  expect(await stop(number)).toEqual({ kind: "stopped", from: "queued" });
  await at.poll();
  expect(await at.statusOf(number)).toBe("none:stopped");
  await check();
  expect(await pending()).toEqual([]);
  expect(at.github.issue(REPO, number).labels).toEqual(["bug"]);
  expect(bodies(number)).toEqual([expect.stringMatching(/\*\*Stopped\*\* by an operator\.[^]*stopped by ann@pi: no/)]);
  await at.poll();
  expect(await at.statusOf(number)).toBe("none:stopped");
  at.github.addLabel(by(number));
  await at.poll();
  expect(await at.statusOf(number)).toBe("prioritized:queued");
  expect(await at.store.read(at.jobId(number))).toMatchObject({ command: { stop: null }, end: { outcome: null } });
  expect(bodies(number)).toEqual([expect.stringContaining("**Queued**")]);
});

test.each([
  ["never seen", async () => undefined, "none:none", "none:stopped"],
  ["ended", async (number: number) => ended(number), "completed:pr", "completed:pr"],
] as const)(
  "a stop before the scheduler has seen the label wins: an issue that is %s",
  async (_, begin, before, after) => {
    const number = at.openIssue({ labels: [] });
    await begin(number);
    expect(await at.statusOf(number)).toBe(before);
    at.github.addLabel(by(number));
    const newest = async () => (await at.services.github.newestLabeledEvent(ref(number), number, LABEL))?.id ?? 0;
    // During a poll that has read the label and is about to queue the issue.
    let stopped: unknown = null;
    at.restart({
      store: {
        ...at.store,
        writeIf: async (jobId, ...rest) => {
          stopped ??= await stopIssue({ ...stopOptions(number), labelOn: newest });
          return at.store.writeIf(jobId, ...rest);
        },
      },
    });
    await at.poll();
    expect(stopped).toMatchObject({ kind: after === "none:stopped" ? "stopped" : "kept" });
    expect(await at.statusOf(number)).toBe(after);
    await check();
    await at.poll();
    expect(at.github.issue(REPO, number).labels).toEqual([]);
    expect(await at.statusOf(number)).toBe(after);
    at.github.addLabel(by(number));
    await at.poll();
    expect(await at.statusOf(number)).toBe("prioritized:queued");
  },
);

test("the scheduler completes a stop of which only the command exists, because its process or the runner died", async () => {
  const number = at.openIssue();
  await at.poll();
  const jobId = at.jobId(number);
  await at.store.writeIf(jobId, {}, { "command.stop": "stopped by ann@pi", "run.id": "dead", state: "running" });
  await at.redis.sadd(STOPS_KEY, jobId);
  await check();
  expect(await at.statusOf(number)).toBe("none:stopped");
  expect(at.github.issue(REPO, number).labels).toEqual([]);
});

test("while a runner processes the issue, the runner does the stop; then nothing is left to do", async () => {
  const number = at.openIssue();
  await at.poll();
  const job = await at.take();
  expect(await stop(number)).toMatchObject({ kind: "stopping" });
  await check();
  expect(await pending()).toEqual([at.jobId(number)]);
  expect(await at.statusOf(number)).toBe("active:running");
  await job.end("stopped", { "command.stop": null });
  await check();
  expect(await pending()).toEqual([]);
  expect(bodies(number)).toHaveLength(1); // The queue's own: a runner reports on its end itself.
});

test("the stop of an issue that ended otherwise at the same moment is removed from the list", async () => {
  const number = at.openIssue();
  await at.poll();
  const jobId = at.jobId(number);
  await at.queue.remove(jobId);
  await at.store.writeIf(jobId, {}, { "command.stop": "stopped by ann@pi", state: "withdrawn" });
  await at.redis.sadd(STOPS_KEY, jobId);
  await check();
  expect(await pending()).toEqual([]);
  expect(await at.store.read(jobId)).toMatchObject({ state: "withdrawn", command: { stop: null } });
});

test("a stop that is requested while an older one is removed stays on the list", async () => {
  const number = at.openIssue();
  await at.poll();
  const jobId = at.jobId(number);
  await at.redis.sadd(STOPS_KEY, jobId);
  await at.store.writeIf(jobId, {}, { "command.stop": "stopped by ann@pi" });
  await removeFinishedStop(at.redis, jobId);
  expect(await pending()).toEqual([jobId]);
  await at.store.writeIf(jobId, {}, { "command.stop": null });
  await removeFinishedStop(at.redis, jobId);
  expect(await pending()).toEqual([]);
});

test("while GitHub is unreachable, the stop is reported later, and once", async () => {
  const number = at.openIssue();
  await at.poll();
  await stop(number);
  at.github.fault({ method: "PATCH", path: /comments/, times: 4, do: { status: 502 } });
  await check();
  expect(await pending()).toHaveLength(1);
  await check(); // It rests.
  at.github.clearFaults();
  expect(bodies(number)).toEqual([expect.stringContaining("**Queued**")]);
  at.advance(31_000);
  await check();
  expect(await pending()).toEqual([]);
  expect(bodies(number)).toEqual([expect.stringContaining("**Stopped**")]);
});

test("the stop of an issue that accepts no comments and labels is removed from the list, and its label is remembered", async () => {
  const number = at.openIssue();
  await at.poll();
  await stop(number);
  at.github.fault({ method: "PATCH", path: /comments/, times: 1, do: { status: 403 } });
  at.github.fault({ method: "DELETE", path: /labels/, times: 1, do: { status: 403 } });
  await check();
  expect(await pending()).toEqual([]);
  const { event: labelEvent, notRemoved: labelLeft } = (await at.store.read(at.jobId(number))).label;
  expect(labelLeft).toBe(labelEvent);
  await at.poll(); // Now GitHub lets it: the label comes off, and nothing is started.
  expect(at.github.issue(REPO, number).labels).toEqual([]);
  expect(await at.statusOf(number)).toBe("none:stopped");
});
