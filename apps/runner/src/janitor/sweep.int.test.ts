import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { addFormerPaths } from "@tac8/core/config/formerPaths";
import { runLogPath } from "@tac8/core/conversation/runLog";
import { readEvents } from "@tac8/core/state/events";
import { openConfinedSide } from "../agentPlace/helper/confined.ts";
import { AgentIdBook } from "../agentPlace/user/ids.ts";
import { startProxy } from "../egress/process.ts";
import { ProcessPool } from "../process/pool.ts";
import { userConfinement } from "../agentPlace/user/side.ts";
import { lock } from "@tac8/core/process/flock";
import type { GitBench } from "../workspace/testing/gitBench.ts";
import { round, startJanitor } from "./start.ts";
import { sweep, type SweepReport } from "./sweep.ts";
import { createJanitorBench, type JanitorBench } from "./testing.fixture.ts";

const DAY = 24 * 3_600_000;
let bench: JanitorBench;
let git: GitBench;
let number = 1;
beforeAll(async () => {
  bench = await createJanitorBench();
  git = bench.git;
});
beforeEach(() => {
  git = git.another();
  number += 1;
});
afterAll(async () => {
  await bench.close();
});

/** Create the next issue's workspace with a commit, on GitHub or not. */
async function workspace({ pushed = true } = {}): Promise<GitBench> {
  await git.ensure();
  await git.mirror.pin(`base/${git.name}`, await git.base());
  await git.commit(`${git.name}.txt`, "new\n");
  if (pushed) await git.agent(["push", "--quiet", git.originDir, `HEAD:refs/heads/${git.branch}`]);
  return git;
}

/** Run a round as if this many days had passed. */
function later(days: number, more: Partial<Parameters<typeof sweep>[0]> = {}): Promise<SweepReport> {
  return sweep({ ...bench.services, now: () => Date.now() + days * DAY, ...more });
}

const pathsOf = ({ removed }: SweepReport) => removed.flatMap(({ item }) => item.paths);
const newest = async () => (await readEvents(bench.services.redis, { count: 1 }))[0];

async function file(path: string, text = "x"): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

test("an ended issue's workspace is removed after its retention, with its notes, lock and pin, and this is logged", async () => {
  const { paths, mirror, name } = await workspace();
  await bench.setState(number, "failed");
  expect(pathsOf(await later(13.9))).toEqual([]);
  expect(pathsOf(await later(14.1))).toEqual([paths.tree, paths.gitDir]);
  expect([paths.tree, paths.gitDir, paths.notesDir, paths.lockFile].filter(existsSync)).toEqual([]);
  expect(existsSync(join(mirror.paths.dir, "refs/tac8/base", name))).toBe(false);
  expect(bench.logged.join("")).toContain("the janitor removed files");
  expect(await newest()).toMatchObject({
    to: "note",
    by: "runner pi/0",
    reason: "the janitor removed 1 × workspace",
    evidence: { workspace: 1 },
  });
});

test("work that is not on GitHub stays, whatever its age and the free disk space", async () => {
  const { paths } = await workspace({ pushed: false });
  await bench.setState(number, "failed");
  const report = await later(999, { freeBytes: () => Promise.resolve(0) });
  expect(report.kept).toMatchObject([{ reason: "it has commits that are not on GitHub" }]);
  expect([paths.tree, paths.gitDir, paths.branchFile].every(existsSync)).toBe(true);
});

test("a workspace stays if GitHub does not answer", async () => {
  const { paths } = await workspace();
  await bench.setState(number, "stopped");
  const { config } = bench.services;
  const unreachable = { ...config, github: { ...config.github, api_url: "http://127.0.0.1:1" } };
  const report = await later(15, { config: unreachable });
  expect(report.kept).toHaveLength(2); // Including the one of the test before.
  expect(existsSync(paths.tree)).toBe(true);
  expect(pathsOf(await later(15))).toContain(paths.tree);
});

test("nothing is removed of an issue that is running, unknown, queued or locked", async () => {
  const { paths, name } = await workspace();
  const log = await file(runLogPath(git.home, { owner: "octo", repo: "widgets", number }, "run"));
  const check = async () => {
    const report = await later(100);
    expect(pathsOf(report).filter((path) => path.includes(`/${name}`))).toEqual([]);
    expect([paths.tree, log].every(existsSync)).toBe(true);
  };
  await check(); // Redis has no record of it.
  for (const state of ["queued", "running", "retrying", "parked", "blocked"] as const) {
    await bench.setState(number, state);
    await check();
  }
  await bench.setState(number, "failed", "a-run");
  await check();
  await bench.setState(number, "failed");
  const job = await bench.services.queue.add("again", {}, { jobId: `octo.widgets.${number}` });
  await check();
  await job.remove();
  const held = await lock(paths.lockFile);
  await check();
  held.release();
  expect(pathsOf(await later(100))).toEqual(expect.arrayContaining([paths.tree, log]));
  expect(existsSync(dirname(log))).toBe(false);
});

test("a run that starts after the check is detected under the lock", async () => {
  const { paths } = await workspace();
  await bench.setState(number, "failed");
  const { store } = bench.services;
  let checks = 0;
  const report = await later(15, {
    store: {
      ...store,
      async read(id) {
        const found = await store.read(id);
        if (id.endsWith(`.${number}`) && (checks += 1) === 1) {
          await bench.setState(number, "queued");
          await bench.setState(number, "running", "r");
        }
        return found;
      },
    },
  });
  expect(report.kept.map(({ reason }) => reason)).toContain("its issue is running again");
  expect(existsSync(paths.tree)).toBe(true);
});

test("leftovers of killed runs are removed; those of live runs and of other users stay", async () => {
  await bench.setState(number, "pr");
  const { home, paths, mirror } = git;
  const tmp = await file(join(paths.tmpDir, "claude", "x"));
  await file(paths.promptFile);
  const [older, output] = [await file(paths.former.promptFile), await file(`${paths.former.promptFile}.out`)];
  const [dead, alive] = ["dead", "alive"].map((run) => join(mirror.paths.incoming, `${run}.git`));
  await file(join(dead ?? "", "HEAD"));
  await file(join(alive ?? "", "HEAD"));
  const slot = await file(join(home, "runs", "slot-7.json"), JSON.stringify({ jobId: "j", run: "alive", token: "t" }));
  const projects = join(git.dir, "agent-home", ".claude", "projects");
  const folder = join(projects, paths.tree.replaceAll(/[^A-Za-z0-9]/g, "-"));
  const line = (cwd: string) => `{"type":"queue-operation"}\n${JSON.stringify({ type: "user", cwd })}\n`;
  const ours = await file(join(folder, "one.jsonl"), line(paths.tree));
  await file(join(folder, "one", "tool-results", "big.txt"));
  const others = await file(join(folder, "two.jsonl"), line(paths.tree.replace("/trees/", "-trees/")));
  const unsaid = await file(join(folder, "three.jsonl"), "{}\n");

  const soon = pathsOf(await later(0.1));
  expect(new Set(soon)).toEqual(new Set([dead, paths.tmpDir]));
  expect([tmp, dead].filter((path) => existsSync(path ?? ""))).toEqual([]);
  expect(new Set(pathsOf(await later(15)))).toEqual(
    new Set([paths.notesDir, older, output, ours, join(folder, "one")]),
  );
  expect([alive, others, unsaid].every((path) => existsSync(path ?? ""))).toBe(true);
  await writeFile(slot, "cut o");
  expect(pathsOf(await later(99))).toEqual([]);
  await writeFile(slot, JSON.stringify({ jobId: "j", run: "another", token: "t" }));
  expect(pathsOf(await later(99))).toEqual([alive]);
});

test("an issue's home folder is removed after its retention, but not while the issue is in use", async () => {
  const { homeDir } = git.paths;
  const session = await file(join(homeDir, ".claude/projects/-tree/one.jsonl"));
  await bench.setState(number, "blocked");
  expect(pathsOf(await later(99))).toEqual([]);
  await bench.setState(number, "pr");
  expect(pathsOf(await later(13.9))).toEqual([]);
  expect(pathsOf(await later(14.1))).toEqual([homeDir]);
  expect(existsSync(session)).toBe(false);
});

test("sessions from before the data folder was moved are removed too; those of other folders stay", async () => {
  await bench.setState(number, "pr");
  const { home, paths, dir } = git;
  const former = join(dir, "checkout", ".tac8");
  addFormerPaths(home, [former]);
  const projects = join(dir, "agent-home", ".claude", "projects");
  const session = async (place: string) => {
    const cwd = paths.tree.replace(home, place);
    const folder = cwd.replaceAll(/[^A-Za-z0-9]/g, "-");
    return file(join(projects, folder, "one.jsonl"), `${JSON.stringify({ type: "user", cwd })}\n`);
  };
  const [before, never] = [await session(former), await session(join(dir, "other", ".tac8"))];
  await later(15);
  expect([before, never].map((path) => existsSync(path))).toEqual([false, true]);
});

test("low disk space removes the oldest files until there is room", async () => {
  await bench.setState(number, "pr");
  const logs: string[] = [];
  for (const run of ["a", "b", "c"]) {
    logs.push(await file(runLogPath(git.home, { owner: "octo", repo: "widgets", number }, run)));
  }
  const free = () => Promise.resolve(existsSync(logs[1] ?? "") ? 1e9 : 3e9);
  const taken = pathsOf(await later(0, { freeBytes: free })).filter((path) => path.endsWith(".jsonl"));
  // Their times may be equal to the millisecond.
  expect(taken).toContain(logs[1]);
  expect(logs.filter(existsSync)).toHaveLength(3 - taken.length);
  expect(taken.length).toBeLessThan(3);
});

test("only one runner at a time has a round, at most once an hour", async () => {
  const held = await lock(join(bench.git.home, "janitor.lock"));
  expect(await round(bench.services)).toBe(false);
  held.release();
  expect(await round(bench.services)).toBe(true);
  expect(await round(bench.services)).toBe(false);
  bench.advance(3_600_000);
  expect(await round(bench.services)).toBe(true);
  expect(await round({ ...bench.services, freeBytes: () => Promise.resolve(0) })).toBe(true);
});

test("if health reports low disk space, a round starts at once, and makes more room than health needs", async () => {
  const { paths } = await workspace();
  await bench.setState(number, "pr");
  let free = 2.3e9; // More than the janitor's own limit, less than the limit of health.
  const freeBytes = () => Promise.resolve(existsSync(paths.tree) ? free : (free = 9e9));
  const services = { ...bench.services, freeBytes };
  await round(services);
  expect([await round(services), existsSync(paths.tree)]).toEqual([false, true]);
  const janitor = startJanitor(services);
  try {
    janitor.hurry();
    await expect.poll(() => existsSync(paths.tree), { timeout: 60_000 }).toBe(false);
    janitor.hurry(); // A second request is allowed.
  } finally {
    await janitor.close();
  }
});

test("a dry run does not hand an older workspace over to the Unix user of its issue", async () => {
  const { paths } = await workspace();
  await bench.setState(number, "failed");
  const { config, log } = bench.services;
  const ids = new AgentIdBook(join(config.dataFolder, "ids"), { first: 1_000_000_000, last: 1_000_000_009 });
  const proxies = new ProcessPool({ start: () => startProxy({}), maxIdle: 1 });
  const closeDataFolder = (): void => expect.unreachable("the folder is being handed over");
  const report = await later(15, {
    dryRun: true,
    openAgentSide: (options) =>
      openConfinedSide(
        options,
        userConfinement(options, { config, log, proxies, socket: "/none", ids, closeDataFolder }),
      ),
  });
  expect(pathsOf(report)).not.toContain(paths.tree);
  expect(report.kept.filter(({ item }) => item.paths.includes(paths.tree))).toMatchObject([
    { reason: expect.stringContaining("from before agents had Unix users of their own") },
  ]);
  expect(await readdir(join(config.dataFolder, "ids"))).toEqual([]);
  expect(pathsOf(await later(15))).toContain(paths.tree);
});
