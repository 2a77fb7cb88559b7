import { randomUUID } from "node:crypto";
import { isEnded } from "@tac8/core/domain/states";
import type { JobData } from "@tac8/core/queue/contract";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "./world.ts";

/** With a Redis that other programs write to: an agent runs as the same Unix user as tac8, and can connect to it. */
let world: World;
const script = () => [{ write: "mine.txt", text: `${randomUUID()}\n` }, { commit: "feat: mine" }, { result: "Done." }];
const pullsOf = (number: number) => world.github.pulls(REPO).filter(({ body }) => body?.includes(`Fixes #${number}\n`));
const startsOf = async (number: number) =>
  (await world.agentStarts()).filter(({ cwd }) => String(cwd).endsWith(`/gh-${number}`)).length;

const write = (patch: () => IssuePatch) => async (jobId: string) => {
  expect(await world.store.writeIf(jobId, {}, patch())).toBe(true);
};
let others: Record<string, string>;
let unlabelled: number;
let comment: number;

/** Each changes the state of an issue whose work is finished and whose push was cut off, while no runner is there. */
const FORGERIES = {
  "the default branch": write(() => ({ checkpoint: "worked", "branch.name": "main" })),
  "another branch, as if its commit was pushed by us": write(() => {
    const sha = others["feature"] ?? "";
    return { checkpoint: "worked", "branch.name": "feature", "branch.head": sha, "branch.published": sha };
  }),
  "another base": (jobId: string) => world.redis.hset(`tac8:issue:${jobId}`, "baseBranch", "release"),
  "another issue": async (jobId: string) => {
    const job = await world.queue.getJob(jobId);
    await job?.updateData({ ...(job.data as JobData), number: unlabelled });
  },
  "another comment": write(() => ({ statusComment: comment })),
} satisfies Record<string, (jobId: string) => Promise<unknown>>;
const numbers = new Map<string, number>();
const numberOf = (forgery: keyof typeof FORGERIES): number => numbers.get(forgery) ?? 0;

beforeAll(async () => {
  world = await createWorld({ config: { coordinator: { max_concurrent_workers: 5 } } });
  await world.github.commitTo({ repo: REPO, branch: "feature", files: { "theirs.txt": "theirs\n" }, author: OWNER });
  await world.github.commitTo({ repo: REPO, branch: "release", files: { "release.txt": "1\n" }, author: OWNER });
  others = world.github.branches(REPO);
  unlabelled = world.openIssue({ labels: [] });
  comment = world.github.comment({ repo: REPO, number: unlabelled, actor: "stranger", body: "Mine." }).id;
  const path = `/${REPO}.git/git-receive-pack`;
  world.github.fault({ method: "POST", path, times: 100, do: { delayMs: 300_000 } });
  for (const forgery of Object.keys(FORGERIES)) numbers.set(forgery, world.openIssue({ script: script() }));
  world.startApp("scheduler");
  const first = world.startApp("runner");
  for (const number of numbers.values()) {
    await poll(120_000, async () => {
      const { checkpoint } = await world.store.read(world.jobId(number));
      return checkpoint === "worked" ? null : `${number} is not worked, but ${checkpoint}`;
    });
  }
  await first.stop("SIGKILL");
  for (const [forgery, forge] of Object.entries(FORGERIES)) await forge(world.jobId(numbers.get(forgery) ?? 0));
  world.github.clearFaults();
  world.startApp("runner");
  for (const number of numbers.values()) {
    await poll(120_000, async () => {
      const {
        state,
        end: { reason },
      } = await world.store.read(world.jobId(number));
      return isEnded(state) ? null : `${number} is ${state} (${reason})`;
    });
  }
});
afterAll(() => world.close());

test.each([
  ["the default branch", "main"],
  ["another branch, as if its commit was pushed by us", "feature"],
] as const)(
  "a record that names %s: nothing is pushed, the issue says why, and no agent is paid again",
  async (forgery, branch) => {
    const number = numberOf(forgery);
    expect(world.github.branches(REPO)).toMatchObject(others);
    expect(Object.keys(world.github.branches(REPO))).not.toContain(`auto/gh-${number}`);
    expect(pullsOf(number)).toEqual([]);
    const {
      state,
      end: { failure, reason },
    } = await world.store.read(world.jobId(number));
    expect({ state, failure }).toEqual({ state: "failed", failure: "refused" });
    expect(reason).toContain(`refused to publish to the branch "${branch}"`);
    expect(reason).not.toContain("\n");
    const comments = world.github.comments(REPO, number).filter(({ body }) => body.includes(reason ?? "?"));
    expect(comments, "the status comment, and one of its own").toHaveLength(2);
    expect(await startsOf(number)).toBe(1);
    // Put back on: the work is there, and goes to the issue's own branch.
    world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
    await world.waitForNthState(number, "pr", 1);
    expect(pullsOf(number)).toMatchObject([{ head: `auto/gh-${number}`, base: "main" }]);
  },
);

test("a record that names another base branch: the pull request targets the repository's own base branch", () => {
  const number = numberOf("another base");
  expect(pullsOf(number)).toMatchObject([{ head: `auto/gh-${number}`, base: "main" }]);
});

test("a job whose data names another issue than its id works on the issue of its id", async () => {
  const number = numberOf("another issue");
  // A run of the other issue would end here because its label is missing, and the scheduler would start this issue again.
  const events = (await world.history(number)).map(({ event }) => event);
  expect(events).toEqual(["issue:queued", "run:started", "agent:ended", "run:lost", "issue:published"]);
  expect(pullsOf(number)).toMatchObject([{ head: `auto/gh-${number}` }]);
  expect(Object.keys(world.github.branches(REPO))).not.toContain(`auto/gh-${unlabelled}`);
});

test("a record that names the comment of another account: the comment is not changed", () => {
  const number = numberOf("another comment");
  expect(world.github.comments(REPO, unlabelled)).toMatchObject([{ id: comment, body: "Mine." }]);
  expect(world.github.comments(REPO, number)).toHaveLength(1);
});

test("a default branch with the name of the issue's branch: no agent starts, and the branch does not change", async () => {
  const own = await createWorld({ defaultBranch: "auto/gh-1" });
  try {
    const was = own.github.branches(REPO);
    own.startApp("scheduler");
    own.startApp("runner");
    const number = own.openIssue({ script: script() });
    await own.waitForState(number, "failed");
    const { reason } = (await own.store.read(own.jobId(number))).end;
    expect(reason).toContain("it is the repository's default branch");
    expect(own.github.branches(REPO)).toEqual(was);
    expect(await own.agentStarts()).toEqual([]);
  } finally {
    await own.close();
  }
});
