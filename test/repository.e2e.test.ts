import { afterAll, beforeAll, expect, test } from "vitest";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { isAlive } from "./processes.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

const GADGETS = "octo/gadgets";
const TEMPLATE = "Template for {issue_number} on {branch_name}. {unknown} {}\n{issue_body}\n";
const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];

let world: World;
let scheduler: App;
beforeAll(async () => {
  const more = ['repo_owner = "octo"', 'repo_name = "gadgets"', 'issue_label = "do it"', "draft = true"];
  world = await createWorld({
    files: { "README.md": "# widgets\n", "worker_template.md": TEMPLATE },
    config: { github: { base_branch: "develop" } },
    moreConfig: `[[repositories]]\n${more.join("\n")}\n`,
  });
  await world.github.commitTo({ repo: REPO, branch: "develop", files: { "next.txt": "next\n" }, author: OWNER });
  await world.github.createRepository({ owner: OWNER, name: "gadgets", defaultBranch: "trunk" });
  await world.github.createRepository({ owner: OWNER, name: "elsewhere" });
  scheduler = world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

const comments = (repo: string, number: number) =>
  world.github
    .comments(repo, number)
    .map(({ body }) => body)
    .join("\n");
const headsOf = (numbers: readonly number[]) =>
  world.github
    .pulls(REPO)
    .map(({ head }) => head)
    .filter((head) => numbers.some((number) => head === `auto/gh-${number}`));

test("two repositories: each with its own label, base branch, drafts and template", async () => {
  const { github } = world;
  const mine = world.openIssue({ script: [{ prompt: "prompt.txt" }, ...WORK] });
  const body = `\`\`\`tac8-script\n${JSON.stringify(WORK)}\n\`\`\`\n`;
  const other = github.openIssue({ repo: GADGETS, title: "Not this one", body, labels: [LABEL] }).number;
  const theirs = github.openIssue({ repo: GADGETS, title: "Other", body, labels: ["Do It"] }).number;
  await world.waitForState(mine, "pr");
  await world.waitForJobState(`octo.gadgets.${theirs}`, "pr");
  expect(github.pulls(REPO)).toMatchObject([{ base: "develop", head: `auto/gh-${mine}`, draft: false }]);
  // Its default branch is not main.
  expect(github.pulls(GADGETS)).toMatchObject([{ base: "trunk", head: `auto/gh-${theirs}`, draft: true }]);
  expect(await github.file(REPO, `auto/gh-${mine}`, "next.txt")).toBe("next\n");
  const prompt = await github.file(REPO, `auto/gh-${mine}`, "prompt.txt");
  expect(prompt).toMatch(new RegExp(`^Template for ${mine} on auto/gh-${mine}\\. \\{unknown\\} \\{\\}\\n`));
  expect(prompt).toContain("Please.\n");
  expect(comments(GADGETS, other)).toBe("");
});

test("transferred, deleted, closed, unlabelled or locked between poll and run", async () => {
  const { github, queue, redis } = world;
  await setHold(redis, { name: "operator", reason: "not yet", by: "a test", since: Date.now(), until: null });
  await poll(120_000, async () => ((await queue.isPaused()) ? null : "the queue is not paused"));
  const numbers = Array.from({ length: 5 }, () => world.openIssue({ script: WORK }));
  for (const number of numbers) {
    const id = world.jobId(number);
    await poll(120_000, async () => ((await queue.getJob(id)) === undefined ? `${id} is not queued` : null));
  }
  const [moved = 0, deleted = 0, closed = 0, bare = 0, locked = 0] = numbers;
  // The scheduler sees nothing of what follows.
  scheduler.child.kill("SIGSTOP");
  try {
    const to = github.transferIssue({ repo: REPO, number: moved, actor: OWNER, to: "octo/elsewhere" });
    github.deleteIssue(REPO, deleted);
    github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
    github.removeLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
    github.lockIssue({ repo: REPO, number: locked, actor: OWNER });
    await clearHold(redis, "operator", "a test", "continue");
    await queue.resume();
    await world.waitForState(moved, "cancelled");
    await world.waitForState(deleted, "cancelled");
    await world.waitForState(closed, "cancelled");
    await world.waitForState(bare, "withdrawn");
    await world.waitForState(locked, "pr");

    const reason = async (number: number) => (await world.store.read(world.jobId(number))).end.reason;
    expect(await reason(moved)).toBe(`the issue was transferred to octo/elsewhere#${to}`);
    expect(await reason(deleted)).toContain("deleted");
    expect(await reason(closed)).toBe("the issue was closed");
    expect(comments(REPO, closed)).toContain("**Cancelled**");
    expect(comments(REPO, locked)).toContain("**PR**");
    expect(comments("octo/elsewhere", to)).not.toContain("Working");
    expect(headsOf(numbers)).toEqual([`auto/gh-${locked}`]);
    for (const number of numbers) {
      expect(await world.agentStarts(number)).toHaveLength(number === locked ? 1 : 0);
    }
  } finally {
    scheduler.child.kill("SIGCONT");
  }
});

/** Two whole rounds of the scheduler from now. */
async function twoPolls(): Promise<void> {
  const polls = () => world.github.requests.filter(({ path }) => path === `/repos/${REPO}`).length;
  const before = polls();
  await world.github.waitFor(() => polls() >= before + 3, { what: "two polls" });
}

test("closed while its agent works: cancelled, agent dead, work kept; unlabelled: it finishes", async () => {
  const { github } = world;
  const half = [...WORK.slice(0, 1), { commit: "half" }];
  const closed = world.openIssue({ script: [...half, world.gate("never")] });
  const bare = world.openIssue({ script: [world.gate("go"), ...WORK] });
  const agents = async () => [...(await world.agentStarts(closed)), ...(await world.agentStarts(bare))];
  await poll(120_000, async () => ((await agents()).length === 2 ? null : "two agents"));
  const pids = (await agents()).map(({ pid }) => Number(pid));
  expect(pids.map(isAlive)).toEqual([true, true]);
  github.removeLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
  await twoPolls();
  github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
  await world.waitForState(closed, "cancelled");
  expect(pids.map(isAlive)).toEqual([false, true]);
  await world.openGate("go");
  await world.waitForState(bare, "pr");
  expect(comments(REPO, closed)).toContain("the issue was closed");
  expect(await github.file(REPO, `auto/gh-${closed}`, "work.txt")).toBe("work\n");
  expect(github.issue(REPO, closed).labels).toEqual([]);
  expect(headsOf([closed, bare])).toEqual([`auto/gh-${bare}`]);
});
