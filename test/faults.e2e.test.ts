import { Job } from "bullmq";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { runnerIsIdle } from "./idle.ts";
import { expectOnce, nextNumber, statusComments } from "./once.ts";
import { createWorld, LABEL, poll, REPO, type World } from "./world.ts";

const API = `/repos/${REPO}`;
const HOUR_MS = 3_600_000;
/** BullMQ orders delayed jobs by milliseconds times this. */
const DELAYED_SCORE = 0x1000;
const SCRIPT = [{ append: "log.txt", text: "worked\n" }, { commit: "feat: work" }, { result: "Worked." }];

let world: World;
beforeAll(async () => {
  // One attempt: a fault that used one would end the issue as failed.
  world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
  world.startApp("scheduler");
  world.startApp("runner");
  await runnerIsIdle(world);
});
afterEach(() => world.github.clearFaults());
afterAll(() => world.close());

/** Faults of one issue, from its first comment to the removal of its label. */
function armFaults(number: number, drop: "before" | "after") {
  const { github } = world;
  const comments = `${API}/issues/${number}/comments`;
  const label = `${API}/issues/${number}/labels/${LABEL}`;
  return {
    comment: github.fault({ method: "POST", path: comments, times: 1, do: { drop } }),
    // The look-up of the comment is cut off as well: half a list must not read as none.
    list: github.fault({ method: "GET", path: comments, times: 1, do: { drop: "middle" } }),
    push: github.fault({ method: "POST", path: `/${REPO}.git/git-receive-pack`, times: 1, do: { drop } }),
    pull: github.fault({
      method: "POST",
      path: `${API}/pulls`,
      times: drop === "before" ? 3 : 1,
      do: { status: 502, doWork: drop === "after" },
    }),
    label: github.fault({ method: "DELETE", path: label, times: 5, do: { status: drop === "before" ? 502 : 403 } }),
  };
}

test.each([
  ["requests that fail before GitHub does the work: each is sent again", "before"],
  ["the comment, the push and the pull request are made, but the answers are lost: none is made twice", "after"],
] as const)("%s", async (_, drop) => {
  const number = nextNumber(world);
  const faults = armFaults(number, drop);
  expect(world.openIssue({ script: SCRIPT })).toBe(number);
  await world.waitForState(number, "pr");
  expect(Object.entries(faults).map(([name, { hits }]) => [name, name === "label" || hits])).toEqual([
    ["comment", 1],
    ["list", 1],
    ["push", 1],
    ["pull", drop === "before" ? 3 : 1],
    ["label", true],
  ]);
  await expectOnce(world, number);
  expect(world.github.pushes.filter(({ ref }) => ref === `refs/heads/auto/gh-${number}`)).toHaveLength(1);
  // The scheduler continues to take the label off; until then it starts nothing.
  await world.github.waitFor(() => !labelsOf(number).includes(LABEL), { what: "the label coming off" });
  expect(faults.label.hits).toBe(5);
  expect(labelsOf(number)).toEqual(["rpi-done"]);
  await expectOnce(world, number);
});

test("a token that is refused while the end is reported: the end is reported later", async () => {
  const path = new RegExp(`^${API}/issues/comments/\\d+$`);
  const number = world.openIssue({ script: [world.gate("work"), ...SCRIPT] });
  // What says that work began is there by then.
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent yet"));
  const fault = world.github.fault({ method: "PATCH", path, times: 1, do: { status: 401 } });
  await world.openGate("work");
  await world.waitForState(number, "pr");
  expect(fault.hits).toBe(1);
  await expectOnce(world, number);
  expect(statusComments(world, number)[0]?.body).toContain("**PR**");
});

test("a rate limit with a reset time parks the job until then, and uses no attempt", async () => {
  const reset = Date.now() + HOUR_MS;
  const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(Math.ceil(reset / 1000)) };
  const limited = { status: 403, headers, body: { message: "API rate limit exceeded" } } as const;
  world.github.fault({ method: "POST", path: `${API}/pulls`, times: 1, do: limited });
  const number = world.openIssue({ script: SCRIPT });
  await world.waitForState(number, "parked");
  const job = await delayedJob(number);
  expect(job.attemptsMade).toBe(0);
  const due = await world.redis.zscore(world.queue.toKey("delayed"), job.id ?? "");
  expect(Number(due) / DELAYED_SCORE).toBeGreaterThan(reset - 1000);
  expect((await world.store.read(world.jobId(number))).end.reason).toContain("rate-limit");
  await job.promote();
  await world.waitForState(number, "pr");
  await expectOnce(world, number);
});

function labelsOf(number: number): string[] {
  return world.github.issue(REPO, number).labels.map(String);
}

async function delayedJob(number: number): Promise<Job> {
  let found: Job | undefined;
  await poll(120_000, async () => {
    found = await Job.fromId(world.queue, world.jobId(number));
    return (await found?.getState()) === "delayed" ? null : "the job is not parked";
  });
  if (found === undefined) throw new Error("no job");
  return found;
}
