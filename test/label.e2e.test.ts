import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];

let world: World;
let runner: App;
beforeAll(async () => {
  world = await createWorld();
  world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const pullsOf = (number: number) =>
  world.github.pulls(REPO).filter(({ head }) => new RegExp(`^auto/gh-${number}(-\\d+)?$`).test(head));
const addLabel = (number: number, actor: string) => world.github.addLabel({ repo: REPO, number, actor, label: LABEL });

fieldTest(
  "F3",
  "a label by an account that cannot write: refused, with one comment; a label by the owner starts the issue",
  async () => {
    const { github } = world;
    const number = world.openIssue({ script: WORK, labels: [] });
    addLabel(number, "stranger");
    await world.waitForState(number, "failed");
    // Two whole rounds of the scheduler.
    const polls = () => github.requests.filter(({ path }) => path === `/repos/${REPO}`).length;
    const before = polls();
    await github.waitFor(() => polls() >= before + 3, { what: "two polls" });
    const comments = () => github.comments(REPO, number).map(({ body }) => body);
    expect(comments()).toHaveLength(1);
    expect(comments()[0]).toContain(`stranger added the label ${LABEL} but has no write access to the repository`);
    expect(comments()[0]).toContain("Work starts when an account with write access to this repository adds the label");
    expect(comments()[0]).not.toContain("reason above");
    for (let times = 2; times <= 4; times += 1) {
      addLabel(number, "stranger");
      await world.waitForNthState(number, "failed", times);
      expect(comments()).toHaveLength(1);
    }
    expect(await world.agentStarts(number)).toEqual([]);
    expect(github.pushes.filter(({ ref }) => ref.includes(`gh-${number}`))).toEqual([]);
    expect(github.issue(REPO, number).labels).toEqual(["rpi-failed"]);
    addLabel(number, OWNER);
    await world.waitForNthState(number, "pr", 1);
    expect(await world.agentStarts(number)).toHaveLength(1);
    expect(github.issue(REPO, number).labels).toEqual(["rpi-done"]);
    expect(runner.log()).not.toContain("unexpected");

    // What was done stays in sight, and the comment of the same day is enough.
    const answer = comments();
    addLabel(number, "stranger");
    await world.waitForNthState(number, "failed", 5);
    expect(comments()).toEqual(answer);
    expect(github.issue(REPO, number).labels).toEqual(["rpi-done"]);
    github.addUser({ login: "passer-by" });
    addLabel(number, "passer-by");
    await world.waitForNthState(number, "failed", 6);
    expect(comments()).toEqual([...answer, expect.stringContaining(`passer-by added the label ${LABEL}`)]);
  },
);

/** Reads of the issue's events so far. */
const asked = (number: number) =>
  world.github.requests.filter(({ path }) => path === `/repos/${REPO}/issues/${number}/events`).length;

fieldTest("C1", "a renamed label works by the event of its old name, if a trusted account added it", async () => {
  const { github } = world;
  const labelled = (actor: string) => {
    const number = world.openIssue({ script: WORK, labels: [] });
    github.addLabel({ repo: REPO, number, actor, label: "ai work" });
    return number;
  };
  const [trusted, strange] = [labelled(OWNER), labelled("stranger")];
  github.renameLabel(REPO, "ai work", LABEL);
  await world.waitForNthState(trusted, "pr", 1);
  await world.waitForNthState(strange, "failed", 1);
  expect(await world.agentStarts(strange)).toEqual([]);
  expect(github.comments(REPO, strange).map(({ body }) => body)).toEqual([
    expect.stringContaining(`stranger added the label ${LABEL}`),
  ]);
});

fieldTest(
  "C1",
  "a label for which GitHub lists no event: tac8 comments once, and the label starts the issue when it is added again",
  async () => {
    const { github } = world;
    const number = world.openIssue({ script: WORK });
    github.forgetEvents(REPO, number);
    await world.waitForNthState(number, "failed", 1);
    const comments = () => github.comments(REPO, number).map(({ body }) => body);
    expect(comments()).toEqual([
      expect.stringMatching(/does not report who added the label.*\n\n.*remove the label and add it again/s),
    ]);
    const before = asked(number);
    expect(before).toBeLessThanOrEqual(5);
    const polls = () => github.requests.filter(({ path }) => path === `/repos/${REPO}`).length;
    const then = polls();
    await github.waitFor(() => polls() >= then + 3, { what: "two polls" });
    expect([asked(number), comments().length, await world.agentStarts(number)]).toEqual([before, 1, []]);
    addLabel(number, OWNER);
    await world.waitForNthState(number, "pr", 1);
    expect(comments()).toHaveLength(2);
  },
);

test("a label by an account that cannot write does not publish finished work, and does not end work that a trusted label started", async () => {
  const { github, store } = world;
  const fault = github.fault({ method: "POST", path: `/repos/${REPO}/pulls`, times: 1, do: { status: 422 } });
  const finished = world.openIssue({ script: WORK });
  await world.waitForState(finished, "failed");
  expect(fault.hits).toBe(1);
  // As with a git that was broken: the work itself needs no change.
  const jobId = world.jobId(finished);
  expect(await store.writeIf(jobId, { "run.id": "", checkpoint: "worked" }, { "end.failure": "git" })).toBe(true);

  const at = join(world.dir, "at");
  const failing = [{ bash: `touch '${at}'; ${world.gate("go").bash}` }, { exit: 1 }];
  const begun = world.openIssue({ script: [failing, WORK] });
  await poll(120_000, async () => (existsSync(at) ? null : "its agent did not begin"));
  github.removeLabel({ repo: REPO, number: begun, actor: OWNER, label: LABEL });
  addLabel(begun, "stranger");
  await world.openGate("go");
  await world.waitForState(begun, "pr");

  addLabel(finished, "stranger");
  await world.waitForNthState(finished, "failed", 2);
  expect((await store.read(jobId)).end.reason).toContain(`stranger added the label ${LABEL}`);
  expect(pullsOf(finished)).toEqual([]);

  addLabel(finished, OWNER);
  await world.waitForNthState(finished, "pr", 1);
  expect(pullsOf(finished)).toHaveLength(1);
  expect(await world.agentStarts(finished), "its work is not done again").toHaveLength(1);
  expect(await world.agentStarts(begun)).toHaveLength(2);
});

test("a label added again continues an open pull request; after a merge it starts a new branch", async () => {
  const { github } = world;
  const number = world.openIssue({ title: "Work on it", script: WORK });
  const branch = `auto/gh-${number}`;
  await world.waitForState(number, "pr");
  const [first] = pullsOf(number);
  expect(first).toMatchObject({ title: "Work on it", head: branch, base: "main", author: OWNER, state: "open" });

  await github.commitTo({ repo: REPO, branch, files: { "review.txt": "a fix\n" }, author: OWNER });
  addLabel(number, OWNER);
  await world.waitForNthState(number, "pr", 2);
  expect(pullsOf(number)).toMatchObject([{ number: first?.number, state: "open" }]);
  expect(await github.file(REPO, branch, "work.txt")).toBe("work\nwork\n");
  expect(await github.file(REPO, branch, "review.txt")).toBe("a fix\n");
  expect(github.pushes.filter(({ ref, forced }) => ref === `refs/heads/${branch}` && forced)).toEqual([]);

  await github.mergePull({ repo: REPO, number: first?.number ?? 0, actor: OWNER });
  github.reopenIssue({ repo: REPO, number, actor: OWNER });
  addLabel(number, OWNER);
  await world.waitForNthState(number, "pr", 3);
  expect(pullsOf(number).map(({ head, state }) => [head, state])).toEqual([
    [branch, "closed"],
    [`${branch}-2`, "open"],
  ]);
  expect(await github.file(REPO, `${branch}-2`, "work.txt")).toBe("work\nwork\nwork\n");
  expect(github.comments(REPO, number)).toHaveLength(1);
  expect(await world.agentStarts(number)).toHaveLength(3);
  expect(existsSync(join(world.dataFolder, `workspaces/octo/widgets/trees/gh-${number}`))).toBe(false);
});
