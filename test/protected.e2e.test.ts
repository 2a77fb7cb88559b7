import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { pullsOf } from "./once.ts";
import { createWorld, LABEL, OWNER, REPO, type World } from "./world.ts";

const run = promisify(execFile);
const ALLOW = "rpi-allow";
const WORKFLOW = ".github/workflows/ci.yml";
const HOSTILE = "on: push\njobs: {}\n";

let world: World;
beforeAll(async () => {
  world = await createWorld();
  world.github.addUser({ login: "triage" });
  world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

const branchOf = (number: number) => `auto/gh-${number}`;
const hasBranch = (number: number) => branchOf(number) in world.github.branches(REPO);
const questionsOn = (number: number) =>
  world.github.comments(REPO, number).filter(({ body }) => /^<!-- tac8 .*"kind":"question"/.test(body));

/** Open an issue whose agent changes a file and a workflow. With `asks`, it asks first and then does what the reply says. */
function openIssue(
  more: { readonly labels?: readonly string[]; readonly asks?: boolean; readonly trigger?: false } = {},
): number {
  const work = [{ write: "a.txt", text: "a\n" }, { write: WORKFLOW, text: HOSTILE }, { commit: "feat: more" }];
  const undo = [{ bash: `git reset -q --soft HEAD~1 && git rm -rqf --cached .github && rm -rf .github` }];
  return world.openIssue({
    labels: [...(more.trigger === false ? [] : [LABEL]), ...(more.labels ?? [])],
    script: {
      first: [...work, ...(more.asks === true ? [{ ask: "Is that right?" }] : []), { result: "Done." }],
      again: [{ prompt: "../prompt.txt" }, ...undo, { commit: "feat: only a" }, { result: "Without it." }],
    },
  });
}

test("a changed workflow is not pushed; a label by a trusted account publishes it, without another agent run", async () => {
  const number = openIssue();
  await world.waitForState(number, "blocked");
  expect(hasBranch(number)).toBe(false);
  expect(pullsOf(world, number)).toEqual([]);
  const [question, ...others] = questionsOn(number);
  expect(others).toEqual([]);
  expect(question?.body).toContain(`\`${WORKFLOW}\``);
  expect(question?.body).toContain(`add the label \`${ALLOW}\` to this issue`);
  expect(question?.body).not.toContain("a.txt");
  expect(world.github.issue(REPO, number).labels).toContain("rpi-blocked");

  // An account that may set labels, and may not write.
  world.github.addLabel({ repo: REPO, number, actor: "triage", label: ALLOW });
  await world.github.waitFor(
    ({ requests }) => requests.some(({ path }) => path === `/repos/${REPO}/collaborators/triage/permission`),
    { what: "the question who that is" },
  );
  // Another issue is worked on and published meanwhile.
  const other = world.openIssue({ script: [{ write: "b.txt", text: "b\n" }, { commit: "b" }, { result: "Done." }] });
  await world.waitForState(other, "pr");
  expect(pullsOf(world, other)[0]?.body).not.toContain("Review these files first");
  expect((await world.store.read(world.jobId(number))).state).toBe("blocked");
  expect(hasBranch(number)).toBe(false);

  world.github.removeLabel({ repo: REPO, number, actor: OWNER, label: ALLOW });
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: ALLOW });
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
  expect(await world.github.file(REPO, branchOf(number), WORKFLOW)).toBe(HOSTILE);
  const [pull] = pullsOf(world, number);
  const body = pull?.body ?? "";
  expect(body).toContain(`- Workflows of GitHub Actions: \`${WORKFLOW}\``);
  expect(body.indexOf("Review these files first")).toBeLessThan(body.indexOf("Done."));
  expect(questionsOn(number)).toHaveLength(1);
});

test("after a reply, the agent changes the work: the prompt says why it was withheld, and only the rest is published", async () => {
  const number = openIssue();
  await world.waitForState(number, "blocked");
  world.github.comment({ repo: REPO, number, actor: OWNER, body: "Please leave the workflow out." });
  await world.waitForState(number, "pr");
  expect((await world.agentStarts(number)).map(({ resumed }) => resumed)).toEqual([false, true]);
  expect(await world.github.file(REPO, branchOf(number), WORKFLOW)).toBeUndefined();
  expect(await world.github.file(REPO, branchOf(number), "a.txt")).toBe("a\n");
  expect(pullsOf(world, number)[0]?.body).not.toContain("Review these files first");
});

test("a label that was added before the work starts publishes the work at once", async () => {
  const number = openIssue({ labels: [ALLOW] });
  await world.waitForState(number, "pr");
  expect(questionsOn(number)).toEqual([]);
  expect(pullsOf(world, number)[0]?.body).toContain(`\`${WORKFLOW}\``);
});

test("a label by an account that cannot write has no effect, also before the work", async () => {
  const number = openIssue({ trigger: false });
  world.github.addLabel({ repo: REPO, number, actor: "triage", label: ALLOW });
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.waitForState(number, "blocked");
  expect(hasBranch(number)).toBe(false);
});

test("a token that cannot change workflows: the issue says so, and the label publishes the work once the token can", async () => {
  await world.github.guardContents(REPO, { workflows: true });
  const number = openIssue({ labels: [ALLOW] });
  await world.waitForState(number, "blocked");
  expect(questionsOn(number).map(({ body }) => body)).toEqual([
    expect.stringMatching(/Workflows: read and write[^]*remove it first/),
  ]);
  expect(hasBranch(number)).toBe(false);
  await world.github.guardContents(REPO, {});
  world.github.removeLabel({ repo: REPO, number, actor: OWNER, label: ALLOW });
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: ALLOW });
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
});

test("work that is saved while its agent asks is not pushed either", async () => {
  const number = openIssue({ asks: true });
  await world.waitForState(number, "blocked");
  expect(questionsOn(number).map(({ body }) => body)).toEqual([expect.stringContaining("> Is that right?")]);
  expect(hasBranch(number)).toBe(false);
});

test("forged values in Redis allow nothing: no permission and no base branch", async () => {
  const first = [{ write: WORKFLOW, text: HOSTILE }, { commit: "ci: mine" }];
  const number = world.openIssue({
    script: [...first, { write: "a.txt", text: "a\n" }, { commit: "a" }, { result: "Done." }],
  });
  await world.waitForState(number, "blocked");
  const jobId = world.jobId(number);
  const questionId = (await world.store.read(jobId)).question.commentId;
  const tree = join(world.dataFolder, "workspaces", REPO, "trees", `gh-${number}`);
  const { stdout: itsOwn } = await run("git", ["-C", tree, "rev-parse", "HEAD~1"]);
  const forged = { "work.allowed": 1, "branch.base": itsOwn.trim(), "branch.start": itsOwn.trim() };
  expect(await world.store.writeIf(jobId, {}, forged)).toBe(true);
  await world.waitForNthState(number, "blocked", 2);
  expect(hasBranch(number)).toBe(false);
  expect(questionsOn(number).at(-1)?.id).not.toBe(questionId);
});
