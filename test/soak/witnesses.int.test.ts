import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { QUEUE_NAME } from "@tac8/core/queue/contract";
import { parseIssueState } from "@tac8/core/state/issueState";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { startRedisServer } from "@tac8/sandbox/redis";
import { OWNER, REPO } from "../names.ts";
import { poll } from "../world.ts";
import type { Life } from "./app.ts";
import type { SoakIssue } from "./soakIssues.ts";
import { lostCommits, overwritten } from "./commits.ts";
import { lockedJobs, leftFiles, slowExits, liveAgents, zombies } from "./leftovers.ts";
import type { Action } from "./actions.ts";
import { readWitness } from "./witness.ts";

// A soak finds only what its witnesses detect, so each witness is tested with what it must detect.

let dir: string;
let home: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-witnesses-"));
  home = join(dir, "home");
  await mkdir(home);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  await rm(dir, { recursive: true, force: true });
});

function begin(command: string, options: { cwd?: string; env?: Record<string, string> } = {}): number {
  const env = { PATH: process.env["PATH"] ?? "", ...options.env };
  const child = spawn("sh", ["-c", command], { cwd: options.cwd ?? "/", env, stdio: "ignore" });
  children.push(child);
  return child.pid ?? 0;
}

test("liveAgents: found by the marker, and by the folder of an agent", async () => {
  const witness = join(dir, "witness");
  const marked = begin("exec sleep 1000", { env: { TAC8_WITNESS: witness, TAC8_RUN: "r" } });
  const tree = join(home, "tree");
  await mkdir(tree);
  const inside = begin("exec sleep 1000", { cwd: tree, env: { SOMETHING: "else" } });
  await poll(120_000, async () => {
    const seen = liveAgents(home, witness).join();
    return seen.includes(`process ${marked} (`) && seen.includes(`process ${inside} (`) ? null : `only ${seen}`;
  });
  expect(liveAgents(join(dir, "elsewhere"), "another")).toEqual([]);
});

test("zombies: exited children that their parent has not waited for", async () => {
  const parent = begin("sleep 0 & exec sleep 1000");
  await poll(120_000, async () => (zombies([parent]).length === 1 ? null : "no zombie is seen"));
  expect(zombies([process.pid])).toEqual([]);
});

test("files that should have been removed with their issue or process", async () => {
  const at = `workspaces/${REPO}`;
  const left = [
    `${at}/trees/gh-7`,
    `${at}/git/gh-7.git`,
    `${at}/git/gh-7.lock`,
    `${at}/trees/gh-8.kept-x`,
    `${at}/prompts/gh-7.md`,
    `issues/${REPO}/gh-7`,
    `issues/${REPO}/gh-7.lock`,
    `${at}/tmp/gh-8`,
    `repos/${OWNER}/widgets.incoming/run.git`,
    `repos/${OWNER}/widgets.git/packed-refs.lock`,
    "runs/slot-1.json",
  ];
  const rightly = [
    `${at}/trees/gh-8`,
    `${at}/git/gh-8.git`,
    `issues/${REPO}/gh-8`,
    "runs/slot-1.lock",
    `repos/${OWNER}/widgets.lock`,
  ];
  for (const path of [...left, ...rightly]) {
    await mkdir(join(home, dirname(path)), { recursive: true });
    await writeFile(join(home, path), "");
  }
  const issue = {
    index: 0,
    behaviour: "normal",
    priority: null,
    jobId: "j",
    answeredAt: null,
    relabelledAfter: null,
  } as const;
  const opened: SoakIssue[] = [
    { ...issue, number: 7, state: parseIssueState({ state: "pr" }) },
    { ...issue, number: 8, state: parseIssueState({ state: "failed" }) },
  ];
  const found = await leftFiles(home, opened);
  const quarantined = left.filter((path) => !path.includes(".kept-"));
  expect(found.toSorted()).toEqual(left.map((path) => join(home, path)).toSorted());
  const tolerated = await leftFiles(home, opened, new Set([8]));
  expect(tolerated.toSorted()).toEqual(quarantined.map((path) => join(home, path)).toSorted());
});

test("jobs that are still locked", async () => {
  const server = await startRedisServer({ dir });
  const redis = new Redis(server.url, { maxRetriesPerRequest: null });
  const queue = new Queue(QUEUE_NAME, { connection: redis });
  try {
    await queue.add("issue", {}, { jobId: "octo.widgets.7" });
    expect(await lockedJobs(redis)).toEqual([]);
    const worker = new Worker(QUEUE_NAME, null, { connection: redis });
    await worker.getNextJob("token");
    expect(await lockedJobs(redis)).toEqual([`the lock ${queue.toKey("octo.widgets.7")}:lock`]);
    await worker.close();
  } finally {
    await queue.close();
    redis.disconnect();
    await server.stop();
  }
});

test("a process that stays after its app has closed", () => {
  const output = (pid: number, msg: string, time: number) => JSON.stringify({ pid, msg, time });
  const life = (pid: number, at: number): Life => {
    return { pid, startedAt: 0, memory: [], end: { code: 0, signal: null, asked: "SIGTERM", at } };
  };
  const log = [output(1, "runner closed", 5000), output(2, "runner closed", 6000), output(3, "closing", 1000), ""].join(
    "\n",
  );
  const lives = [life(1, 5100), life(2, 8010), life(3, 9000)];
  expect(slowExits("runner-1", log, lives)).toEqual([
    "a timer or connection of runner-1 (2), which stayed for 2010 ms",
  ]);
});

test("agents' commits: found by subject, or by content if other contributors changed the branch", async () => {
  const github = await startedGitHub();
  const files = { "a.txt": "a\n" };
  const sha = await github.commitTo({ repo: REPO, branch: "auto/gh-7", files, author: OWNER });
  const again = await github.commitTo({
    repo: REPO,
    branch: "other",
    files,
    author: OWNER,
    message: "Said otherwise\n",
  });
  await github.close();
  const shown = git("show", sha);
  const patch = execFileSync("git", ["patch-id", "--stable"], { input: shown }).toString().split(" ")[0] ?? "";
  await writeFile(join(dir, "w.commits"), `${"1".repeat(40)} ${patch} /x/gh-7\n${again} ${patch} /x/gh-7\n`);
  const { commits } = await readWitness(join(dir, "w"));
  const none = new Set<number>();
  const unknown = [{ sha: "1".repeat(40), patch, issue: 7 }];
  expect(await lostCommits({ dir, home }, commits, { moved: none, finished: none })).toEqual(unknown);
  expect(await lostCommits({ dir, home }, commits, { moved: new Set([7]), finished: new Set([7]) })).toEqual([]);
  const missing = [{ sha: "1".repeat(40), patch: "2".repeat(40), issue: 7 }];
  expect(await lostCommits({ dir, home }, missing, { moved: new Set([7]), finished: none })).toEqual(missing);
  const kept = join(home, "workspaces", OWNER, "widgets", "git");
  await mkdir(kept, { recursive: true });
  execFileSync("git", ["init", "--quiet", "--bare", join(kept, "gh-7.git")]);
  execFileSync("git", ["-C", join(kept, "gh-7.git"), "fetch", "-q", join(dir, "github", `${REPO}.git`), "*:*"]);
  git("update-ref", "-d", "refs/heads/auto/gh-7");
  git("update-ref", "-d", "refs/heads/other");
  const inTree = [{ sha: again, patch, issue: 7 }];
  expect(await lostCommits({ dir, home }, inTree, { moved: none, finished: none })).toEqual([]);
  expect(await lostCommits({ dir, home }, inTree, { moved: none, finished: new Set([7]) })).toEqual(inTree);
});

test("other contributors' commits: those that are no longer on their branch", async () => {
  const github = await startedGitHub();
  const branch = "auto/gh-7";
  const push = (path: string) => github.commitTo({ repo: REPO, branch, files: { [path]: "x\n" }, author: OWNER });
  const [first, second] = [await push("a.txt"), await push("b.txt")];
  await github.close();
  const action = (sha: string | null): Action => ({
    kind: "branch:push",
    issue: 7,
    branch,
    sha,
    pull: null,
    step: "work",
  });
  expect(await overwritten({ dir, home }, [action(first), action(second), action(null)])).toEqual([]);
  git("update-ref", `refs/heads/${branch}`, first);
  expect(await overwritten({ dir, home }, [action(first), action(second)])).toEqual([action(second)]);
  git("update-ref", "-d", `refs/heads/${branch}`);
  expect(await overwritten({ dir, home }, [action(first)])).toEqual([action(first)]);
});

async function startedGitHub(): Promise<LocalGitHub> {
  const github = await startGitHub({ dir: join(dir, "github") });
  github.addUser({ login: OWNER });
  await github.createRepository({ owner: OWNER, name: REPO.split("/")[1] ?? "" });
  return github;
}

function git(...args: string[]): string {
  return execFileSync("git", ["-C", join(dir, "github", `${REPO}.git`), ...args]).toString();
}
