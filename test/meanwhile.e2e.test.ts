import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "./world.ts";

/** The base is not the default branch: a merge then closes no issue, and cancels no run. */
const BASE = "develop";

let world: World;
beforeAll(async () => {
  world = await createWorld({ config: { github: { base_branch: BASE } } });
  await world.github.commitTo({ repo: REPO, branch: BASE, files: { "next.txt": "next\n" }, author: OWNER });
  world.startApp("scheduler");
  world.startApp("runner");
});
afterEach(() => world.github.clearFaults());
afterAll(() => world.close());

/** An issue whose agent adds one file in each round, commits it, and waits until the test lets it end. */
interface Issue {
  readonly number: number;
  readonly tag: string;
  /** Rounds that have begun. */
  rounds: number;
}

/** The last issue that a test has left with an open pull request: the next test continues with it. */
let left: Issue | null = null;

const gate = ({ tag }: Issue, round: number) => join(world.dir, `${tag}-${round}`);
const fileOf = ({ tag }: Issue, round: number) => `${tag}-${round}.txt`;

function openIssue(): Issue {
  const tag = randomUUID().slice(0, 8);
  const [file, wait] = [`${tag}-$n`, `${join(world.dir, tag)}-$n`];
  const work = `n=$(ls ${tag}-* 2>/dev/null | wc -l); echo $n > ${file}.txt; git add -A; git commit -qm "feat: $n"`;
  const until = `touch "${wait}.reached"; until [ -e "${wait}" ]; do sleep 0.05; done`;
  const script = [{ bash: `${work}; ${until}` }, { result: "Done." }];
  return { number: world.openIssue({ script }), tag, rounds: 1 };
}

async function atGate(issue: Issue): Promise<void> {
  const path = `${gate(issue, issue.rounds - 1)}.reached`;
  await poll(120_000, async () => (existsSync(path) ? null : `${issue.number} is not at its gate`));
}

const pass = (issue: Issue) => writeFile(gate(issue, issue.rounds - 1), "");
const ended = (issue: Issue) => world.waitForNthState(issue.number, "pr", issue.rounds);
const startsOf = async ({ number }: Issue) => (await world.agentStarts(number)).length;
const pullsOf = ({ number }: Issue) =>
  world.github.pulls(REPO).filter(({ head }) => new RegExp(`^auto/gh-${number}(-\\d+)?$`).test(head));

/** An issue whose agent works on an open pull request, and has committed; `next` is the branch after that one's. */
async function anotherRound(): Promise<{ issue: Issue; pull: number; branch: string; next: string }> {
  const issue = left ?? openIssue();
  if (left === null) {
    await atGate(issue);
    await pass(issue);
    await ended(issue);
  }
  left = null;
  const pulls = pullsOf(issue);
  const last = pulls.at(-1);
  expect(last?.state).toBe("open");
  issue.rounds += 1;
  world.github.addLabel({ repo: REPO, number: issue.number, actor: OWNER, label: LABEL });
  await atGate(issue);
  const next = `auto/gh-${issue.number}-${pulls.length + 1}`;
  return { issue, pull: last?.number ?? 0, branch: last?.head ?? "", next };
}

/** The issue's pull requests: all but the last are closed, the last one is of this branch and has the newest file. */
async function expectOneOpen(issue: Issue, branch: string): Promise<void> {
  const pulls = pullsOf(issue);
  expect(pulls.map(({ base }) => base)).toEqual(pulls.map(() => BASE));
  expect(pulls.map(({ state }) => state)).toEqual(pulls.map((_, index) => (pulls[index + 1] ? "closed" : "open")));
  expect(pulls.at(-1)?.head).toBe(branch);
  expect((await world.store.read(world.jobId(issue.number))).pull.number).toBe(pulls.at(-1)?.number);
  expect(await world.github.file(REPO, branch, fileOf(issue, issue.rounds - 1))).toBe(`${issue.rounds - 1}\n`);
  expect(await startsOf(issue)).toBe(issue.rounds);
}

/** By a contributor. @returns its number */
async function openPull(head: string): Promise<number> {
  const answer = await fetch(`${world.github.url}/repos/${REPO}/pulls`, {
    method: "POST",
    headers: { authorization: `Bearer ${world.token}`, "content-type": "application/json" },
    body: JSON.stringify({ title: "By hand", head, base: BASE }),
  });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { number: number }).number;
}

/** As GitHub's button does: the base then has the changes, but not the commits. */
async function mergeSquashed(pull: number): Promise<void> {
  const merge = await fetch(`${world.github.url}/repos/${REPO}/pulls/${pull}/merge`, {
    method: "PUT",
    headers: { authorization: `Bearer ${world.token}`, "content-type": "application/json" },
    body: JSON.stringify({ merge_method: "squash" }),
  });
  expect(merge.status).toBe(200);
}

/** Of the commits that the branch has and the base has not. */
async function subjects(branch: string): Promise<string[]> {
  return (await onGitHub(["log", "--format=%s", `${BASE}..${branch}`])).split("\n");
}

async function onGitHub(git: readonly string[]): Promise<string> {
  return (await execa("git", git, { cwd: join(world.dir, "github", `${REPO}.git`) })).stdout;
}

test("base and branch move while the agent works: one pull request, with the commits of all contributors", async () => {
  const issue = openIssue();
  await atGate(issue);
  const branch = `auto/gh-${issue.number}`;
  await world.github.commitTo({ repo: REPO, branch: BASE, files: { "moved.txt": "moved\n" }, author: OWNER });
  await world.github.commitTo({ repo: REPO, branch, files: { "theirs.txt": "theirs\n" }, author: OWNER });
  // Published in two goes: the second starts from a workspace that has our commits as they were before.
  world.github.fault({ method: "POST", path: `/repos/${REPO}/pulls`, times: 100_000, do: { status: 503 } });
  await pass(issue);
  await world.waitForNthState(issue.number, "parked", 1);
  world.github.clearFaults();
  await ended(issue);
  await expectOneOpen(issue, branch);
  expect(await world.github.file(REPO, branch, "theirs.txt")).toBe("theirs\n");
  expect(world.github.pushes.filter(({ ref, forced }) => ref === `refs/heads/${branch}` && forced)).toEqual([]);
  left = issue;
});

test("a pull request that is merged while the agent works: the new commits become a new pull request, on top of the base", async () => {
  const { issue, pull, branch, next } = await anotherRound();
  await world.github.mergePull({ repo: REPO, number: pull, actor: OWNER });
  const merged = world.github.branches(REPO)[branch];
  await pass(issue);
  await ended(issue);
  await expectOneOpen(issue, next);
  expect(world.github.branches(REPO)[branch]).toBe(merged);
  expect(await world.github.file(REPO, next, fileOf(issue, 0))).toBe("0\n");
  left = issue;
});

test("a pull request that is merged while the agent works, and a push that succeeds only later: merged commits are not in the new pull request", async () => {
  const { issue, pull, next } = await anotherRound();
  await mergeSquashed(pull);
  // Refused, and so parked at the first try; an outage would be waited out in place for a while.
  world.github.fault({ method: "POST", path: `/${REPO}.git/git-receive-pack`, times: 1, do: { status: 403 } });
  const parked = (await world.history(issue.number)).filter(({ to }) => to === "parked").length;
  await pass(issue);
  await world.waitForNthState(issue.number, "parked", parked + 1);
  expect((await world.store.read(world.jobId(issue.number))).branch.name).toBe(next);
  await ended(issue);
  await expectOneOpen(issue, next);
  expect(await subjects(next)).toEqual([`feat: ${issue.rounds - 1}`]);
  left = issue;
});

/** The runner's next read the branch's pull requests gets the answer of now, whatever comes after it. */
async function readIsOld(branch: string): Promise<void> {
  const path = `/repos/${REPO}/pulls`;
  const query = new URLSearchParams({ head: `${OWNER}:${branch}`, state: "all" });
  const now = await fetch(`${world.github.url}${path}?${query.toString()}`, {
    headers: { authorization: `Bearer ${world.token}` },
  });
  const body: unknown = await now.json();
  expect(body).toMatchObject([{ state: "open" }]);
  world.github.fault({ method: "GET", path, times: 1, do: { status: 200, body } });
}

test.each([
  ["merged", false],
  ["merged and whose branch is deleted", true],
])(
  "a pull request that is %s between the last check and the push: the next branch gets only the new commits",
  async (_how, taken) => {
    const { issue, pull, branch, next } = await anotherRound();
    await readIsOld(branch);
    await mergeSquashed(pull);
    if (taken) await onGitHub(["update-ref", "-d", `refs/heads/${branch}`]);
    await pass(issue);
    await ended(issue);
    await expectOneOpen(issue, next);
    expect(await subjects(next)).toEqual([`feat: ${issue.rounds - 1}`]);
    left = issue;
  },
);

test("a pull request that is closed while the agent works: all of the work becomes a new pull request", async () => {
  const { issue, pull, branch, next } = await anotherRound();
  world.github.closePull({ repo: REPO, number: pull, actor: OWNER });
  const closed = world.github.branches(REPO)[branch];
  await pass(issue);
  await ended(issue);
  await expectOneOpen(issue, next);
  expect(world.github.branches(REPO)[branch]).toBe(closed);
  expect(await world.github.file(REPO, next, fileOf(issue, issue.rounds - 2))).toBe(`${issue.rounds - 2}\n`);
  left = issue;
});

test("a contributor opens the pull request, adds a commit and merges it: the issue ends with that pull request", async () => {
  const issue = openIssue();
  await atGate(issue);
  const [branch, path] = [`auto/gh-${issue.number}`, `/repos/${REPO}/pulls`];
  // Our commit is on the branch then, and the runner waits for GitHub.
  const unopened = world.github.fault({ method: "POST", path, times: 100_000, do: { status: 503 } });
  await pass(issue);
  await world.waitForNthState(issue.number, "parked", 1);
  world.github.fault({ method: "GET", path, times: 100_000, do: { status: 503 } });
  unopened.remove();
  const pull = await openPull(branch);
  await world.github.commitTo({ repo: REPO, branch, files: { "theirs.txt": "theirs too\n" }, author: OWNER });
  await mergeSquashed(pull);
  world.github.clearFaults();
  await ended(issue);
  expect(pullsOf(issue).map(({ number }) => number)).toEqual([pull]);
  expect((await world.store.read(world.jobId(issue.number))).pull.number).toBe(pull);
  expect(Object.keys(world.github.branches(REPO)).filter((name) => name.startsWith(branch))).toEqual([branch]);
});

test("a pull request that is closed between two attempts is not the result of an attempt that changes nothing", async () => {
  const name = randomUUID();
  const number = world.openIssue({
    script: [{ write: `${name}.txt`, text: "1\n" }, { commit: "feat: one" }, { result: "Done." }],
  });
  await world.waitForNthState(number, "pr", 1);
  const pulls = () => world.github.pulls(REPO).filter(({ head }) => head.startsWith(`auto/gh-${number}`));
  const begun = join(world.dir, name);
  const fails = { once: `${begun}.failed`, step: { error: { status: 400, message: "no" } } };
  const script = [{ bash: `touch ${begun}` }, world.gate(name), fails, { result: "It is all there." }];
  const body = `Sure?\n\`\`\`tac8-script\n${JSON.stringify(script)}\n\`\`\``;
  world.github.comment({ repo: REPO, number, actor: OWNER, body });
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await poll(120_000, async () => (existsSync(begun) ? null : "has not begun again"));
  world.github.closePull({ repo: REPO, number: pulls()[0]?.number ?? 0, actor: OWNER });
  await world.openGate(name);
  await world.waitForNthState(number, "answered", 1);
  expect(pulls().map(({ state }) => state)).toEqual(["closed"]);
  expect((await world.history(number)).filter(({ to }) => to === "pr")).toHaveLength(1);
});
