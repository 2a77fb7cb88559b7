import { Job } from "bullmq";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { readEvents } from "@tac8/core/state/events";
import { readHolds } from "@tac8/core/state/holds";
import { readScheduler } from "@tac8/core/state/presence";
import { expectOnce, nextNumber, pullsOf, statusComments } from "./once.ts";
import { createWorld, OWNER, poll, REPO, type World } from "./world.ts";

const API = `/repos/${REPO}`;
const SCRIPT = [{ append: "log.txt", text: "worked\n" }, { commit: "feat: work" }, { result: "Worked." }];

let world: World;
beforeAll(async () => {
  const coordinator = { max_concurrent_workers: 1, max_attempts: 1, backoff_factor: 0.001 };
  world = await createWorld({ config: { coordinator } });
  world.startApp("scheduler");
  world.startApp("runner");
});
afterEach(() => world.github.clearFaults());
afterAll(() => world.close());

const statusBody = (number: number) => statusComments(world, number)[0]?.body ?? "";

test("a long outage is reported on the issue and in the event log, and leaves the only slot to others; after it, the report is removed", async () => {
  world.github.fault({ method: "POST", path: `${API}/pulls`, times: 100_000, do: { status: 503 } });
  const number = world.openIssue({ script: SCRIPT });
  await world.waitForState(number, "parked");
  const other = world.openIssue({ script: [{ ask: "Which?" }, { result: "I asked." }] });
  await world.waitForState(other, "blocked");
  await world.waitForNthState(number, "parked", 3);
  await poll(120_000, async () => (statusBody(number).includes("**Parked**") ? null : statusBody(number)));
  expect(statusBody(number)).toMatch(/> .*503/);
  const parked = (await world.history(number)).filter(({ to }) => to === "parked").slice(0, 3);
  expect(parked.map(({ evidence }) => evidence)).toMatchObject(
    [1, 2, 3].map((times) => ({ failure: "github", parked: times })),
  );
  for (const { reason } of parked) expect(reason).toContain("503");
  expect((await world.store.read(world.jobId(number))).end.reason).toContain("503");
  expect(pullsOf(world, number)).toEqual([]);
  world.github.clearFaults();
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
  expect(statusBody(number)).toContain("**PR**");
  expect(statusBody(number)).not.toMatch(/\b503\b/);
  expect(await world.store.read(world.jobId(number))).toMatchObject({
    end: { reason: null, failure: null },
    counts: { parked: 0 },
  });
  const job = await Job.fromId(world.queue, world.jobId(number));
  expect(job?.attemptsMade).toBeLessThanOrEqual(1); // A successful end counts as one.
});

test("an outage of the API and of git before an agent starts: no attempt is used", async () => {
  for (const path of [`${API}/pulls`, `/${REPO}.git/info/refs`])
    world.github.fault({ method: "GET", path, times: 100_000, do: { status: 503 } });
  const number = world.openIssue({ script: SCRIPT });
  await world.waitForState(number, "parked");
  const { agent, end } = await world.store.read(world.jobId(number));
  expect({ failure: end.failure, agentRuns: agent.runCount }).toEqual({ failure: "github", agentRuns: 0 });
  world.github.clearFaults();
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
});

test("a failure that cannot be reported: the issue waits, and the comment then has the original reason, once", async () => {
  const number = nextNumber(world);
  const path = `${API}/issues/${number}/comments`;
  // Those of the end: what says that work began is made by then.
  world.github.fault({ method: "POST", path, after: 1, times: 100_000, do: { status: 503 } });
  expect(world.openIssue({ script: [{ exit: 3 }] })).toBe(number);
  await world.waitForNthState(number, "parked", 1);
  expect((await world.store.read(world.jobId(number))).end.reason).toContain("503");
  world.github.clearFaults();
  await world.waitForState(number, "failed");
  expect(await world.store.read(world.jobId(number))).toMatchObject({
    end: {
      failure: expect.stringMatching(/startup|agent/),
      reason: expect.stringContaining("exit code 3"),
      decided: null,
    },
  });
  const bodies = world.github.comments(REPO, number).map(({ body }) => body);
  expect(bodies.filter((body) => body.includes("ended without a pull request"))).toEqual([
    expect.stringContaining("exit code 3"),
  ]);
  expect(bodies.join("\n")).not.toMatch(/\b503\b/);
});

test("a token that is revoked while an agent works holds the repository until a valid token exists", async () => {
  const number = world.openIssue({ script: [world.gate("go"), ...SCRIPT] });
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent yet"));
  world.github.revokeToken(world.token);
  await world.openGate("go");
  await world.waitForState(number, "parked");
  const { reason } = (await world.store.read(world.jobId(number))).end;
  expect(reason).toMatch(/GitHub.*(refuse|401|Authentication failed).*GITHUB_TOKEN/);
  const events = await readEvents(world.redis, { count: 100 });
  expect(events.find(({ to }) => to === "hold")).toMatchObject({
    reason,
    evidence: { name: `repo:${REPO}` },
  });
  await poll(120_000, async () => {
    const error = (await readScheduler(world.redis))?.error ?? "";
    return /401.*GITHUB_TOKEN/.test(error) ? null : `the scheduler says: ${error}`;
  });
  world.github.addUser({ login: OWNER, token: world.token });
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
  await poll(120_000, async () => ((await readHolds(world.redis)).length === 0 ? null : "the hold is still there"));
});
