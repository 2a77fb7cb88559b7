import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { afterEach, expect, test } from "vitest";
import { isAlive } from "./processes.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
afterEach(async () => {
  await world.close();
});

const WORK = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];

/** A step that lasts until the test makes the file. */
function gate(name: string): { bash: string } {
  return { bash: `until [ -e '${join(world.dir, name)}' ]; do sleep 0.05; done` };
}

const open = (name: string): Promise<void> => writeFile(join(world.dir, name), "");

/** Nothing new starts from here on; what is labelled is queued. */
async function hold(): Promise<void> {
  const by = "a test";
  await setHold(world.redis, { name: "operator", reason: "a look first", by, since: Date.now(), until: null });
  await poll(30_000, async () => ((await world.queue.isPaused()) ? null : "the queue is not paused"));
}

async function inQueue(number: number): Promise<void> {
  const id = world.jobId(number);
  await poll(30_000, async () => ((await world.queue.getJob(id)) === undefined ? `${id} is not queued` : null));
}

const release = () => clearHold(world.redis, "operator", "a test", "go on");

/** Two whole rounds of the scheduler from now. */
async function twoPolls(): Promise<void> {
  const polls = () => world.github.requests.filter(({ path }) => path === `/repos/${REPO}`).length;
  const before = polls();
  await world.github.waitFor(() => polls() >= before + 3, { what: "two polls" });
}

function comment(number: number): string {
  return world.github
    .comments(REPO, number)
    .map(({ body }) => body)
    .join("\n");
}

test("a default branch that is not main, a template in the repository, drafts", async () => {
  const template = "Template for {issue_number} on {branch_name}. {unknown} {}\n{issue_body}\n";
  world = await createWorld({
    defaultBranch: "trunk",
    files: { "README.md": "# widgets\n", "worker_template.md": template },
    config: { github: { draft: true } },
  });
  const { github } = world;
  const number = world.openIssue({ script: [{ prompt: "prompt.txt" }, ...WORK] });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(number, "pr");
  expect(github.pulls(REPO)).toMatchObject([{ base: "trunk", head: "auto/gh-1", draft: true }]);
  const prompt = await github.file(REPO, "auto/gh-1", "prompt.txt");
  expect(prompt).toMatch(/^Template for 1 on auto\/gh-1\. \{unknown\} \{\}\n/);
  expect(prompt).toContain("Please.\n");
});

test("two repositories: each with its own label, base branch and drafts", async () => {
  const more = ['repo_owner = "octo"', 'repo_name = "gadgets"', 'issue_label = "do it"', "draft = true"];
  world = await createWorld({
    config: { github: { base_branch: "develop" } },
    moreConfig: `[[repositories]]\n${more.join("\n")}\n`,
  });
  const { github } = world;
  const gadgets = "octo/gadgets";
  await github.commitTo({ repo: REPO, branch: "develop", files: { "next.txt": "next\n" }, author: OWNER });
  await github.createRepository({ owner: OWNER, name: "gadgets", defaultBranch: "master" });
  const mine = world.openIssue({ script: WORK });
  const body = `\`\`\`tac8-script\n${JSON.stringify(WORK)}\n\`\`\`\n`;
  github.openIssue({ repo: gadgets, title: "Not this one", body, labels: [LABEL] });
  const theirs = github.openIssue({ repo: gadgets, title: "Other", body, labels: ["Do It"] }).number;
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(mine, "pr");
  await world.jobReaches(`octo.gadgets.${theirs}`, "pr");
  expect(github.pulls(REPO)).toMatchObject([{ base: "develop", head: `auto/gh-${mine}`, draft: false }]);
  expect(github.pulls(gadgets)).toMatchObject([{ base: "master", head: `auto/gh-${theirs}`, draft: true }]);
  expect(await github.file(REPO, `auto/gh-${mine}`, "next.txt")).toBe("next\n");
  expect(await world.agentStarts()).toHaveLength(2);
});

test("transferred, deleted, closed, unlabelled or locked between poll and run", async () => {
  world = await createWorld();
  const { github } = world;
  await github.createRepository({ owner: OWNER, name: "elsewhere" });
  const titles = ["transferred", "deleted", "closed", "unlabelled", "locked"];
  const [moved = 0, deleted = 0, closed = 0, bare = 0, locked = 0] = titles.map((title) =>
    world.openIssue({ title, script: WORK }),
  );
  const scheduler = world.startApp("scheduler");
  for (const number of [moved, deleted, closed, bare, locked]) await inQueue(number);
  await scheduler.stop();
  github.transferIssue({ repo: REPO, number: moved, actor: OWNER, to: "octo/elsewhere" });
  github.deleteIssue(REPO, deleted);
  github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
  github.removeLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
  github.lockIssue({ repo: REPO, number: locked, actor: OWNER });
  world.startApp("runner");
  await world.reaches(moved, "cancelled");
  await world.reaches(deleted, "cancelled");
  await world.reaches(closed, "cancelled");
  await world.reaches(bare, "withdrawn");
  await world.reaches(locked, "pr");

  const reason = async (number: number) => (await world.store.read(world.jobId(number))).reason;
  expect(await reason(moved)).toBe("the issue was transferred to octo/elsewhere#1");
  expect(await reason(deleted)).toContain("deleted");
  expect(await reason(closed)).toBe("the issue was closed");
  expect(comment(closed)).toContain("**Cancelled.**");
  expect(comment(locked)).toContain("**Done**");
  expect(
    github
      .comments("octo/elsewhere", 1)
      .map(({ body }) => body)
      .join(),
  ).not.toContain("Working");
  expect(github.pulls(REPO).map(({ head }) => head)).toEqual([`auto/gh-${locked}`]);
  expect(await world.agentStarts()).toHaveLength(1);
});

test("closed, unlabelled, deleted or transferred while it waits: withdrawn, and never begun", async () => {
  world = await createWorld();
  const { github } = world;
  await github.createRepository({ owner: OWNER, name: "elsewhere" });
  world.startApp("scheduler");
  world.startApp("runner");
  await hold();
  const some = async (length: number) => {
    const numbers = Array.from({ length }, () => world.openIssue({ script: WORK }));
    for (const number of numbers) await inQueue(number);
    return numbers;
  };
  const [closed = 0, bare = 0, deleted = 0, moved = 0] = await some(4);
  const kept = await some(3);
  github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
  github.removeLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
  github.deleteIssue(REPO, deleted);
  github.transferIssue({ repo: REPO, number: moved, actor: OWNER, to: "octo/elsewhere" });
  for (const number of [closed, bare, deleted, moved]) await world.reaches(number, "withdrawn");
  for (const number of [closed, bare]) {
    await github.waitFor(() => comment(number).includes("**Withdrawn**"), { what: "the word on the issue" });
  }
  await release();
  for (const number of kept) await world.reaches(number, "pr");
  expect(await world.agentStarts()).toHaveLength(kept.length);
  // Put back on, it starts after all.
  github.addLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
  await world.enters(bare, "pr", 1);
});

test("closed while its agent works: cancelled, agent dead, work kept; unlabelled: it finishes", async () => {
  world = await createWorld();
  const { github } = world;
  const closed = world.openIssue({ script: [...WORK.slice(0, 1), { commit: "half" }, gate("never")] });
  const bare = world.openIssue({ script: [gate("go"), ...WORK] });
  world.startApp("scheduler");
  world.startApp("runner");
  await poll(60_000, async () => ((await world.agentStarts()).length === 2 ? null : "two agents"));
  const pids = (await world.agentStarts()).map(({ pid }) => Number(pid));
  expect(pids.map(isAlive)).toEqual([true, true]);
  github.removeLabel({ repo: REPO, number: bare, actor: OWNER, label: LABEL });
  await twoPolls();
  github.closeIssue({ repo: REPO, number: closed, actor: OWNER });
  await world.reaches(closed, "cancelled");
  expect(pids.filter(isAlive)).toHaveLength(1);
  await open("go");
  await world.reaches(bare, "pr");
  expect(comment(closed)).toContain("the issue was closed");
  expect(await github.file(REPO, `auto/gh-${closed}`, "work.txt")).toBe("work\n");
  expect(github.issue(REPO, closed).labels).toEqual([]);
  expect(github.pulls(REPO).map(({ head }) => head)).toEqual([`auto/gh-${bare}`]);
});

test("a label by someone who cannot write: refused and said once; by the owner: it starts", async () => {
  world = await createWorld();
  const { github } = world;
  const number = world.openIssue({ script: WORK, labels: [] });
  github.addLabel({ repo: REPO, number, actor: "stranger", label: LABEL });
  world.startApp("scheduler");
  const runner: App = world.startApp("runner");
  await world.reaches(number, "failed");
  await twoPolls();
  const said = github.comments(REPO, number).filter(({ body }) => body.includes("This issue ended without"));
  expect(said).toHaveLength(1);
  expect(said[0]?.body).toContain(`stranger put the label ${LABEL} on, but cannot write to the repository`);
  expect(await world.agentStarts()).toEqual([]);
  expect(github.pushes).toEqual([]);
  expect(github.issue(REPO, number).labels).toEqual(["rpi-failed"]);
  github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.enters(number, "pr", 1);
  expect(await world.agentStarts()).toHaveLength(1);
  expect(github.issue(REPO, number).labels).toEqual(["rpi-done"]);
  expect(runner.log()).not.toContain("unexpected");
});

test("the label again: on the open pull request it goes on; after a merge there is a new branch", async () => {
  world = await createWorld();
  const { github } = world;
  const number = world.openIssue({ script: WORK });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(number, "pr");
  const [first] = github.pulls(REPO);

  await github.commitTo({ repo: REPO, branch: "auto/gh-1", files: { "review.txt": "a fix\n" }, author: OWNER });
  github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.enters(number, "pr", 2);
  expect(github.pulls(REPO)).toHaveLength(1);
  expect(github.pulls(REPO)[0]).toMatchObject({ number: first?.number, state: "open" });
  expect(await github.file(REPO, "auto/gh-1", "work.txt")).toBe("work\nwork\n");
  expect(await github.file(REPO, "auto/gh-1", "review.txt")).toBe("a fix\n");
  expect(github.pushes.filter(({ ref, forced }) => ref === "refs/heads/auto/gh-1" && forced)).toEqual([]);

  await github.mergePull({ repo: REPO, number: first?.number ?? 0, actor: OWNER });
  github.reopenIssue({ repo: REPO, number, actor: OWNER });
  github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.enters(number, "pr", 3);
  expect(github.pulls(REPO).map(({ head, state }) => [head, state])).toEqual([
    ["auto/gh-1", "closed"],
    ["auto/gh-1-2", "open"],
  ]);
  expect(await github.file(REPO, "auto/gh-1-2", "work.txt")).toBe("work\nwork\nwork\n");
  expect(github.comments(REPO, number)).toHaveLength(1);
  expect(await world.agentStarts()).toHaveLength(3);
  expect(existsSync(join(world.home, "workspaces/octo/widgets/trees/gh-1"))).toBe(false);
});

test("a repository inside the repository is in no pull request: it is kept, and the issue says so", async () => {
  world = await createWorld();
  const nested = { bash: "git init --quiet vendored && echo kept > vendored/notes.txt" };
  const number = world.openIssue({ script: [nested, ...WORK] });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.reaches(number, "pr");
  expect(comment(number)).toMatch(/\*\*Done\*\*[^]*Not in any commit[^]*`vendored`[^]*kept in the workspace/);
  const [start] = await world.agentStarts();
  expect(existsSync(join(String(start?.["cwd"]), "vendored/notes.txt"))).toBe(true);
});
