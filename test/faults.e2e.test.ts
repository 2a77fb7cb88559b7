import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Job } from "bullmq";
import { clearHold, readHolds, setHold } from "@tac8/core/state/holds";
import { readEvents } from "@tac8/core/state/events";
import { readScheduler } from "@tac8/core/state/presence";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "./world.ts";

const API = `/repos/${REPO}`;
const HOUR_MS = 3_600_000;
/** BullMQ orders delayed jobs by milliseconds times this. */
const DELAYED_SCORE = 0x1000;
/** Each run makes one more commit. */
const SCRIPT = [{ append: "log.txt", text: "worked\n" }, { commit: "feat: work" }, { result: "Worked." }];

let world: World;
afterEach(() => world.github.clearFaults());

describe("an answer that is refused, lost or cut", () => {
  beforeAll(async () => {
    world = await createWorld();
    world.startApp("scheduler");
    world.startApp("runner");
  });
  afterAll(() => world.close());

  test("502 three times to the creation of the pull request", async () => {
    const fault = world.github.fault({ method: "POST", path: `${API}/pulls`, times: 3, do: { status: 502 } });
    const number = world.openIssue({ script: SCRIPT });
    await world.reaches(number, "pr");
    expect(fault.hits).toBe(3);
    await expectOnce(number);
  });

  test("the pull request is made, but the answer is lost", async () => {
    const lost = { status: 502, doWork: true } as const;
    const fault = world.github.fault({ method: "POST", path: `${API}/pulls`, times: 1, do: lost });
    const number = world.openIssue({ script: SCRIPT });
    await world.reaches(number, "pr");
    expect(fault.hits).toBe(1);
    await expectOnce(number);
  });

  test.each(["before", "after"] as const)("the connection ends %s the comment is made", async (drop) => {
    const number = nextNumber();
    const made = world.github.fault({
      method: "POST",
      path: `${API}/issues/${number}/comments`,
      times: 1,
      do: { drop },
    });
    // The look for the comment that was made is cut off as well: half a list must not read as none.
    const list = { method: "GET", path: `${API}/issues/${number}/comments`, times: 1, after: 1 } as const;
    const cut = world.github.fault({ ...list, do: { drop: "middle" } });
    expect(world.openIssue({ script: SCRIPT })).toBe(number);
    await world.reaches(number, "pr");
    expect([made.hits, cut.hits]).toEqual([1, 1]);
    await expectOnce(number);
  });

  test("a token that is refused while the end is told: it is told later", async () => {
    const path = new RegExp(`^${API}/issues/comments/\\d+$`);
    // The first edit says that work began.
    const fault = world.github.fault({ method: "PATCH", path, times: 1, after: 1, do: { status: 401 } });
    const number = world.openIssue({ script: SCRIPT });
    await world.reaches(number, "pr");
    expect(fault.hits).toBe(1);
    await expectOnce(number);
    expect(statusComments(number)[0]?.body).toContain("**Done**");
  });

  test.each(["before", "after"] as const)("the connection ends %s the push is done", async (drop) => {
    const path = `/${REPO}.git/git-receive-pack`;
    const fault = world.github.fault({ method: "POST", path, times: 1, do: { drop } });
    const number = world.openIssue({ script: SCRIPT });
    await world.reaches(number, "pr");
    expect(fault.hits).toBe(1);
    await expectOnce(number);
    expect(world.github.pushes.filter(({ ref }) => ref === `refs/heads/auto/gh-${number}`)).toHaveLength(1);
  });

  test("half a list of issues withdraws nobody", async () => {
    await setHold(world.redis, { name: "operator", reason: "test", by: "test", since: 0, until: null });
    await poll(20_000, async () => ((await world.queue.isPaused()) ? null : "the queue is not held"));
    const first = world.openIssue({ script: SCRIPT });
    await world.reaches(first, "queued");
    // All tries of one poll; the issue that is new makes it answer with a list, not with a 304.
    const fault = world.github.fault({ method: "GET", path: `${API}/issues`, times: 4, do: { drop: "middle" } });
    const second = world.openIssue({ script: SCRIPT });
    await world.reaches(second, "queued");
    expect(fault.hits).toBe(4);
    await clearHold(world.redis, "operator", "test", "");
    await world.reaches(first, "pr");
    await world.reaches(second, "pr");
    for (const number of [first, second]) await expectOnce(number);
    expect(await statesOf(first)).not.toContain("withdrawn");
  });

  test("a rate limit with its reset time parks the job until then, and burns no attempt", async () => {
    const reset = Date.now() + HOUR_MS;
    const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.ceil(reset / 1000)) };
    const limited = { status: 403, headers, body: { message: "API rate limit exceeded" } } as const;
    world.github.fault({ method: "POST", path: `${API}/pulls`, times: 1, do: limited });
    const number = world.openIssue({ script: SCRIPT });
    await world.reaches(number, "parked");
    const job = await delayedJob(number);
    expect(job.attemptsMade).toBe(0);
    const due = await world.redis.zscore(world.queue.toKey("delayed"), job.id ?? "");
    expect(Number(due) / DELAYED_SCORE).toBeGreaterThan(reset - 1000);
    expect((await world.store.read(world.jobId(number))).reason).toContain("rate-limit");
    await job.promote();
    await world.reaches(number, "pr");
    await expectOnce(number);
  });

  test.each([403, 502])("the removal of the label answered with %i five times", async (status) => {
    const number = nextNumber();
    const path = `${API}/issues/${number}/labels/${LABEL}`;
    const fault = world.github.fault({ method: "DELETE", path, times: 5, do: { status } });
    expect(world.openIssue({ script: SCRIPT })).toBe(number);
    await world.reaches(number, "pr");
    await world.github.waitFor(() => !labelsOf(number).includes(LABEL), { what: "the label coming off" });
    expect(fault.hits).toBe(5);
    expect(labelsOf(number)).toEqual(["rpi-done"]);
    await expectOnce(number);
  });

  test("a label that stays starts nothing; putting it back starts one run, on the open pull request", async () => {
    const number = nextNumber();
    const path = `${API}/issues/${number}/labels/${LABEL}`;
    const fault = world.github.fault({ method: "DELETE", path, times: 1000, do: { status: 403 } });
    expect(world.openIssue({ script: SCRIPT })).toBe(number);
    await world.reaches(number, "pr");
    const used = (await world.store.read(world.jobId(number))).labelEvent;
    // The scheduler has looked at it again and again.
    await world.github.waitFor(() => fault.hits >= 4, { what: "tries to take the label off" });
    await expectOnce(number);
    expect(labelsOf(number)).toContain(LABEL);

    world.github.removeLabel({ repo: REPO, number, label: LABEL, actor: OWNER });
    world.github.addLabel({ repo: REPO, number, label: LABEL, actor: OWNER });
    await poll(60_000, async () => {
      const { state, labelEvent } = await world.store.read(world.jobId(number));
      return state === "pr" && labelEvent > used ? null : `still ${state} with event ${labelEvent}`;
    });
    expect(await startsOf(number)).toBe(2);
    expect(pullsOf(number)).toHaveLength(1);
    expect(statusComments(number)).toHaveLength(1);
    expect(await world.github.file(REPO, `auto/gh-${number}`, "log.txt")).toBe("worked\nworked\n");
    world.github.clearFaults();
    await world.github.waitFor(() => !labelsOf(number).includes(LABEL), { what: "the label coming off" });
    expect(await startsOf(number)).toBe(2);
  });
});

describe("an outage, with one slot", () => {
  beforeAll(async () => {
    world = await createWorld({ config: { coordinator: { max_concurrent_workers: 1, backoff_factor: 0.001 } } });
    world.startApp("scheduler");
    world.startApp("runner");
  });
  afterAll(() => world.close());

  test("a long one parks the job and leaves the slot to others; the work is published afterwards", async () => {
    world.github.fault({ method: "POST", path: `${API}/pulls`, times: 100_000, do: { status: 503 } });
    const first = world.openIssue({ script: SCRIPT });
    await world.reaches(first, "parked");
    const second = world.openIssue({ script: [{ ask: "Which?" }, { result: "I asked." }] });
    await world.reaches(second, "blocked");
    expect(pullsOf(first)).toEqual([]);
    world.github.clearFaults();
    await world.reaches(first, "pr");
    await expectOnce(first);
    const job = await Job.fromId(world.queue, world.jobId(first));
    expect(job?.attemptsMade).toBeLessThanOrEqual(1); // What ended well counts as one.
  });

  test("one that lasts is told on the issue as far as it can be, and in the event log; then it is over and said no more", async () => {
    world.github.fault({ method: "POST", path: `${API}/pulls`, times: 100_000, do: { status: 503 } });
    const number = world.openIssue({ script: SCRIPT });
    await world.enters(number, "parked", 3);
    await poll(20_000, async () => (statusBody(number).includes("**Waiting**") ? null : statusBody(number)));
    expect(statusBody(number)).toMatch(/> .*503/);
    const parked = (await world.history(number)).filter(({ to }) => to === "parked").slice(0, 3);
    expect(parked.map(({ evidence }) => evidence)).toMatchObject(
      [1, 2, 3].map((times) => ({ failure: "github", parked: times })),
    );
    for (const { reason } of parked) expect(reason).toContain("503");
    expect((await world.store.read(world.jobId(number))).reason).toContain("503");
    world.github.clearFaults();
    await world.reaches(number, "pr");
    await expectOnce(number);
    expect(statusBody(number)).toContain("**Done**");
    expect(statusBody(number)).not.toMatch(/\b503\b/);
    expect(await world.store.read(world.jobId(number))).toMatchObject({ reason: null, failure: null, parked: 0 });
  });

  test("a failure that cannot be told: the issue waits, and is then told its own reason, once", async () => {
    const number = nextNumber();
    const path = `${API}/issues/${number}/comments`;
    // Those of the end: what says that work began is made by then.
    world.github.fault({ method: "POST", path, after: 1, times: 100_000, do: { status: 503 } });
    expect(world.openIssue({ script: { first: [{ exit: 3 }], again: [{ exit: 3 }] } })).toBe(number);
    await world.enters(number, "parked", 1);
    expect((await world.store.read(world.jobId(number))).reason).toContain("503");
    world.github.clearFaults();
    await world.reaches(number, "failed");
    expect(await world.store.read(world.jobId(number))).toMatchObject({
      failure: expect.stringMatching(/startup|agent/),
      reason: expect.stringContaining("exit code 3"),
      end: null,
    });
    const bodies = world.github.comments(REPO, number).map(({ body }) => body);
    expect(bodies.filter((body) => body.includes("ended without a pull request"))).toEqual([
      expect.stringContaining("exit code 3"),
    ]);
    expect(bodies.join("\n")).not.toMatch(/\b503\b/);
  });

  test("a token that is revoked in mid-work holds the repository until it is valid again", async () => {
    const go = join(world.dir, "go");
    const number = world.openIssue({
      script: [{ bash: `until [ -e '${go}' ]; do sleep 0.05; done` }, ...SCRIPT],
    });
    await poll(60_000, async () => ((await startsOf(number)) === 1 ? null : "no agent yet"));
    world.github.revokeToken(world.token);
    await writeFile(go, "");
    await world.reaches(number, "parked");
    const { reason } = await world.store.read(world.jobId(number));
    expect(reason).toMatch(/GitHub.*(refuse|401|Authentication failed).*GITHUB_TOKEN/);
    const events = await readEvents(world.redis, { count: 100 });
    expect(events.find(({ to }) => to === "hold")).toMatchObject({
      reason,
      evidence: { name: `repo:${REPO}` },
    });
    await poll(20_000, async () => {
      const error = (await readScheduler(world.redis))?.error ?? "";
      return /401.*GITHUB_TOKEN/.test(error) ? null : `the scheduler says: ${error}`;
    });
    world.github.addUser({ login: OWNER, token: world.token });
    await world.reaches(number, "pr");
    await expectOnce(number);
    await poll(20_000, async () => ((await readHolds(world.redis)).length === 0 ? null : "the hold is still there"));
  });
});

/** The agent ran once, and there is one pull request, one branch and one status comment. */
async function expectOnce(number: number): Promise<void> {
  expect({
    starts: await startsOf(number),
    pulls: pullsOf(number).length,
    comments: world.github.comments(REPO, number).length,
    status: statusComments(number).length,
  }).toEqual({ starts: 1, pulls: 1, comments: 1, status: 1 });
}

async function startsOf(number: number): Promise<number> {
  return (await world.agentStarts()).filter(({ cwd }) => String(cwd).endsWith(`/gh-${number}`)).length;
}

function pullsOf(number: number) {
  return world.github.pulls(REPO).filter(({ body }) => body?.startsWith(`Fixes #${number}\n`));
}

function statusComments(number: number) {
  return world.github.comments(REPO, number).filter(({ body }) => /^<!-- tac8 .*"kind":"status"/.test(body));
}

function statusBody(number: number): string {
  return statusComments(number)[0]?.body ?? "";
}

function labelsOf(number: number): string[] {
  return world.github.issue(REPO, number).labels.map(String);
}

async function statesOf(number: number): Promise<string[]> {
  const events = await readEvents(world.redis, { count: 1000 });
  return events.filter(({ issue }) => issue === world.jobId(number)).map(({ to }) => to);
}

async function delayedJob(number: number): Promise<Job> {
  let found: Job | undefined;
  await poll(20_000, async () => {
    found = await Job.fromId(world.queue, world.jobId(number));
    return (await found?.getState()) === "delayed" ? null : "the job is not parked";
  });
  if (found === undefined) throw new Error("no job");
  return found;
}

/** Pull requests are numbered among the issues. */
function nextNumber(): number {
  const numbers = [...world.github.issues(REPO), ...world.github.pulls(REPO)].map(({ number }) => number);
  return Math.max(0, ...numbers) + 1;
}
