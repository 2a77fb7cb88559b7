import { randomUUID } from "node:crypto";
import { isEnded } from "@tac8/core/domain/states";
import type { JobData } from "@tac8/core/queue/contract";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

/** With a Redis that other programs write to: an agent runs as the same Unix user as tac8, and can connect to it. */
let world: World;
let runner: App | undefined;
let before: Record<string, string>;
beforeAll(async () => {
  world = await createWorld();
  await world.github.commitTo({ repo: REPO, branch: "feature", files: { "theirs.txt": "theirs\n" }, author: OWNER });
  await world.github.commitTo({ repo: REPO, branch: "release", files: { "release.txt": "1\n" }, author: OWNER });
  world.startApp("scheduler");
});
beforeEach(() => {
  before = world.github.branches(REPO);
});
afterEach(async () => {
  world.github.clearFaults();
  await runner?.stop();
});
afterAll(() => world.close());

const script = () => [{ write: "mine.txt", text: `${randomUUID()}\n` }, { commit: "feat: mine" }, { result: "Done." }];
const pullsOf = (number: number) => world.github.pulls(REPO).filter(({ body }) => body?.includes(`Fixes #${number}\n`));
const startsOf = async (number: number) =>
  (await world.agentStarts()).filter(({ cwd }) => String(cwd).endsWith(`/gh-${number}`)).length;

/** Finished work whose push has failed. `forge` is done while no runner is there, then a runner goes on until the issue has ended. */
async function forged(forge: (jobId: string, number: number) => Promise<unknown>): Promise<number> {
  const path = `/${REPO}.git/git-receive-pack`;
  world.github.fault({ method: "POST", path, times: 100_000, do: { status: 503 } });
  runner = world.startApp("runner");
  const number = world.openIssue({ script: script() });
  await world.enters(number, "parked", 1);
  await runner.stop();
  await forge(world.jobId(number), number);
  world.github.clearFaults();
  runner = world.startApp("runner");
  await poll(60_000, async () => {
    const { state, reason } = await world.store.read(world.jobId(number));
    return isEnded(state) ? null : `${number} is ${state} (${reason})`;
  });
  return number;
}

const write = (patch: IssuePatch) => async (jobId: string) => {
  expect(await world.store.writeIf(jobId, {}, patch)).toBe(true);
};

test.each([
  ["the default branch", () => ({ branch: "main" })],
  [
    "another branch, as if its commit was pushed by us",
    () => ({ branch: "feature", headSha: before["feature"] ?? "", publishedSha: before["feature"] ?? "" }),
  ],
])("a hash that names %s: nothing is pushed, the issue says why, nobody is paid again", async (_what, patch) => {
  const number = await forged((jobId) => write({ checkpoint: "worked", ...patch() })(jobId));
  expect(world.github.branches(REPO)).toEqual(before);
  expect(pullsOf(number)).toEqual([]);
  const { state, failure, reason } = await world.store.read(world.jobId(number));
  expect({ state, failure }).toEqual({ state: "failed", failure: "refused" });
  expect(reason).toContain(`refused to publish to the branch "${patch().branch}"`);
  expect(reason).not.toContain("\n");
  const said = world.github.comments(REPO, number).filter(({ body }) => body.includes(reason ?? "?"));
  expect(said, "the status comment, and one of its own").toHaveLength(2);
  expect(await startsOf(number)).toBe(1);
  // Put back on: the work is there, and goes to the issue's own branch.
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.enters(number, "pr", 1);
  expect(pullsOf(number)).toMatchObject([{ head: `auto/gh-${number}`, base: "main" }]);
});

test("a hash that names another base: the pull request goes to the repository's own", async () => {
  const number = await forged((jobId) => world.redis.hset(`tac8:issue:${jobId}`, "baseBranch", "release"));
  expect(pullsOf(number)).toMatchObject([{ head: `auto/gh-${number}`, base: "main" }]);
});

test("a job whose data names another issue than its id works on that of its id", async () => {
  const other = world.openIssue({ labels: [] });
  const number = await forged(async (jobId) => {
    const job = await world.queue.getJob(jobId);
    await job?.updateData({ ...(job.data as JobData), number: other });
  });
  expect(pullsOf(number)).toMatchObject([{ head: `auto/gh-${number}` }]);
  expect(Object.keys(world.github.branches(REPO))).not.toContain(`auto/gh-${other}`);
  expect(world.github.comments(REPO, other)).toEqual([]);
});

test("a hash that names somebody else's comment: it stays as it is", async () => {
  const elsewhere = world.openIssue({ labels: [] });
  const { id } = world.github.comment({ repo: REPO, number: elsewhere, actor: "stranger", body: "Mine." });
  const number = await forged(write({ statusComment: id }));
  expect(world.github.comments(REPO, elsewhere)).toMatchObject([{ id, body: "Mine." }]);
  expect(world.github.comments(REPO, number)).toHaveLength(1);
});

test("a default branch that is called as the issue's own: nobody is paid, and it stays as it is", async () => {
  const own = await createWorld({ defaultBranch: "auto/gh-1" });
  try {
    const was = own.github.branches(REPO);
    own.startApp("scheduler");
    own.startApp("runner");
    const number = own.openIssue({ script: script() });
    await own.reaches(number, "failed");
    const { reason } = await own.store.read(own.jobId(number));
    expect(reason).toContain("it is the repository's default branch");
    expect(own.github.branches(REPO)).toEqual(was);
    expect(await own.agentStarts()).toEqual([]);
  } finally {
    await own.close();
  }
});
