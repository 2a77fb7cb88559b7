import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jobIdOf } from "@tac8/core/domain/reference";
import { jobOptions, QUEUE_NAME, type JobData } from "@tac8/core/queue/contract";
import { setHold, readHolds } from "@tac8/core/state/holds";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { createIssueStore, type IssueStore } from "@tac8/core/state/issueStore";
import { pauseRunner } from "@tac8/core/state/pause";
import { announceRunner, announceScheduler } from "@tac8/core/state/presence";
import { startGitHub } from "@tac8/sandbox/github/server/local-github";
import type { LocalGitHub } from "@tac8/sandbox/github/types";
import { Queue, UnrecoverableError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLab, type Cli, type Lab } from "../../fixtures/harness.ts";
import { startSharedRedis, UNREACHABLE, type SharedRedis } from "../../fixtures/redis.ts";

const REPO = "octo/hello";
let lab: Lab;
let server: SharedRedis;
let redis: Redis;
let queue: Queue<JobData>;
let worker: Worker<JobData>;
let store: IssueStore;

beforeAll(async () => {
  server = await startSharedRedis();
  ({ redis, queue } = server);
});
beforeEach(async () => {
  lab = openLab();
  await server.empty();
  worker = new Worker<JobData>(QUEUE_NAME, null, { connection: redis, autorun: false });
  worker.on("error", () => undefined);
  store = createIssueStore(redis);
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n');
});

afterEach(async () => {
  await worker.close();
  await lab.close();
});
afterAll(() => server.close());

function start(args: readonly string[], env: Record<string, string> = {}): Cli {
  return lab.start(args, { REDIS_URL: server.url, USER: "ann", ...env });
}

async function tac8(args: readonly string[], env?: Record<string, string>) {
  const cli = start(args, env);
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

const id = (number: number) => jobIdOf({ owner: "octo", repo: "hello", number });

async function queued(number: number, patch: IssuePatch = {}): Promise<void> {
  const data = { owner: "octo", repo: "hello", number, repositoryId: 1, title: "T", url: "" };
  await queue.add("issue", data, jobOptions({ jobId: id(number), priority: "P2", beforeNewWork: false, attempts: 3 }));
  await store.writeIf(id(number), {}, { state: "queued", ...patch });
}

describe("tac8 stop", () => {
  async function running(): Promise<void> {
    await queued(3, { state: "running", "run.id": "r1", "run.runner": "pi/0" });
    await worker.getNextJob("token");
    const now = Date.now();
    await announceRunner(redis, { name: "pi/0", at: now, host: "pi", pid: 1, slots: 1, busy: 1 });
  }

  it("waits for the runner, reports the progress, and ends when the issue ends", async () => {
    await running();
    const cli = start(["stop", "3", "--reason", "a\u001b[31m b"]);
    await cli.seen(/octo\/hello#3: pi\/0 is interrupting the agent/);
    expect((await store.read(id(3))).command.stop).toMatch(/^stopped by ann@.*: a/);
    await store.write(id(3), "r1", {
      "branch.published": "abcdef0".padEnd(40, "0"),
      "branch.name": "auto/\u001b[2Jgh-3",
    });
    await cli.seen(/its work is on the branch auto\/gh-3 \(abcdef0\)/);
    await store.write(id(3), "r1", { state: "stopped", "run.id": null, "command.stop": null });
    expect(await cli.ended).toMatchObject({ code: 0 });
    expect(cli.stdout()).toContain(
      "octo/hello#3 is stopped. Its work is on the branch auto/gh-3. To start it again: tac8 retry octo/hello#3",
    );
    expect(cli.stdout() + cli.stderr()).not.toContain("\u001b");
  });

  it("reports that the issue ended by itself", async () => {
    await running();
    const cli = start(["stop", "3"]);
    await cli.seen(/is interrupting/);
    await store.write(id(3), "r1", { state: "pr", "run.id": null, "command.stop": null });
    expect(await cli.ended).toMatchObject({ code: 0 });
    expect(cli.stdout()).toContain("finished before it could be stopped: pr.");
  });

  it("Ctrl-C ends the wait, not the stop", async () => {
    await running();
    const cli = lab.spawn(["stop", "3", "--now"], { REDIS_URL: server.url, USER: "ann" });
    await cli.seen(/pi\/0 is killing the agent/);
    cli.signal("SIGINT");
    expect(await cli.ended).toEqual({ code: 3, signal: null });
    expect(cli.stdout()).toContain("no longer waiting; stopping continues");
    expect(await store.read(id(3))).toMatchObject({
      command: { stop: expect.stringMatching(/^stopped by ann@/), stopMode: "kill" },
    });
  });

  it("is bounded, or does not wait at all", async () => {
    await running();
    const late = await tac8(["stop", "3", "--timeout", "1"]);
    expect(late).toMatchObject({ code: 3, out: expect.stringContaining("is not stopped after 1 s") });
    const { code, out } = await tac8(["stop", "3", "--no-wait", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      issue: "octo/hello#3",
      result: "stopping",
      runner: "pi/0",
      state: "running",
    });
  });

  it("stops a waiting issue at once, also as JSON", async () => {
    await queued(3);
    const { code, out } = await tac8(["stop", "3", "--no-wait", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ result: "stopped", state: "stopped", runner: null, sha: null, pr: null });
    const again = await tac8(["stop", "3", "--json"]);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.out)).toMatchObject({ result: "ended", state: "stopped" });
  });

  fieldTest(
    "E6",
    "an issue that is stopped while it waits stays in the list, once, also when it is retried",
    async () => {
      await queued(3);
      const stopped = await tac8(["stop", "3", "--no-wait"]);
      expect(stopped.out).toContain("To start it again: tac8 retry octo/hello#3");
      const list = async () =>
        (JSON.parse((await tac8(["list", "--json"])).out) as { issues: { issue: string; state: string }[] }).issues;
      expect(await list()).toMatchObject([
        { issue: "octo/hello#3", state: "stopped", title: expect.any(String) as string },
      ]);
      await tac8(["retry", "3"]);
      expect(await list()).toMatchObject([{ issue: "octo/hello#3", state: "queued" }]);
    },
  );
});

describe("tac8 pause and resume", () => {
  it("hold the queue, show who paused it and why, and end the hold", async () => {
    const { code, out } = await tac8(["pause", "--reason", "lunch", "--json"], { SUDO_USER: "bob" });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      paused: "all",
      began: true,
      by: expect.stringMatching(/^bob@/),
      reason: "lunch",
    });
    expect(await queue.isPaused()).toBe(true);
    expect(await readHolds(redis)).toMatchObject([{ name: "operator", reason: "lunch", until: null }]);
    expect((await tac8(["pause"])).out).toMatch(/Already paused by bob@\S+ since .* \(lunch\)/);
    expect(await tac8(["resume"])).toEqual({ code: 0, out: "Resumed.\n", err: "" });
    expect(await queue.isPaused()).toBe(false);
    expect((await tac8(["resume"])).out).toBe("Nothing to resume: tac8 is not paused.\n");
  });

  it("resume without a name keeps other holds, and lists them", async () => {
    await tac8(["pause"]);
    await setHold(redis, { name: "auth", by: "runner pi/0", reason: "401\u001b[2J", since: 1, until: null });
    await pauseRunner(redis, { runner: { name: "pi/0" }, by: "SIGUSR1", reason: "signal", now: 1 });
    const { code, out } = await tac8(["resume"]);
    expect(code).toBe(0);
    expect(out.split("\n")).toEqual([
      "Resumed.",
      "Still held by auth until it is resumed: 401; tac8 resume auth ends it now",
      expect.stringMatching(/^Runner pi\/0 is paused by SIGUSR1 since .*; tac8 resume --runner pi\/0 ends it$/),
      "",
    ]);
    expect(await queue.isPaused()).toBe(true);
    const ended = await tac8(["resume", "auth", "--json"]);
    expect(JSON.parse(ended.out)).toEqual({ what: "auth", ended: true, holds: [], pausedRunners: ["pi/0"] });
    expect(await queue.isPaused()).toBe(false);
    expect((await tac8(["resume", "--runner", "pi"])).out).toBe("pi/0 accepts new jobs again.\n");
  });

  fieldTest("E1", "resume of a hold wakes the jobs that were parked for it, and retry ends their delay", async () => {
    const until = Date.now() + 900_000;
    const park = async (number: number, patch: IssuePatch) => {
      await queued(number, { state: "parked", ...patch });
      const job = await worker.getNextJob("token");
      await job?.moveToDelayed(until, "token");
    };
    await setHold(redis, { name: "auth", by: "runner pi/0", reason: "401", since: 1, until });
    await setHold(redis, { name: "repo:octo/hello", by: "runner pi/0", reason: "403", since: 1, until });
    await park(3, { "end.failure": "auth", "job.hold": "auth" });
    await park(4, { "end.failure": "refused", "job.hold": "repo:octo/hello" });
    await park(5, { "end.failure": "github" });
    const stateOf = async (number: number) => (await queue.getJob(id(number)))?.getState();
    expect((await tac8(["retry", "3"])).out).toBe(
      "octo/hello#3 stopped waiting, and starts when the hold auth ends; tac8 resume auth ends it now.\n",
    );
    expect((await tac8(["resume", "auth"])).out).toContain(
      "The hold auth is ended: work that waited for it continues.\nStill held by repo:octo/hello until ",
    );
    expect([await stateOf(3), await stateOf(4)]).toEqual(["prioritized", "delayed"]);
    // Short, and in any case.
    expect((await tac8(["resume", "Octo/Hello"])).out).toBe(
      "The hold repo:octo/hello is ended: work that waited for it continues.\n",
    );
    expect([await stateOf(4), await stateOf(5)]).toEqual(["prioritized", "delayed"]);
    expect((await tac8(["retry", "5"])).out).toBe("octo/hello#5 stopped waiting, and is next.\n");
    expect((await tac8(["retry", "5"])).out).toBe("octo/hello#5 is already queued, and waits for a free runner.\n");
  });

  it("the hold after an emptied Redis cannot be ended early", async () => {
    const until = Date.now() + 60_000;
    await setHold(redis, { name: "redis-emptied", by: "scheduler", reason: "r", since: 1, until });
    expect(await tac8(["resume", "redis-emptied"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot be ended early: it lasts until/),
    });
    expect(await readHolds(redis)).toHaveLength(1);
  });

  it("a runner is found by its name, by its host, or by one of its slots", async () => {
    const presence = { at: Date.now(), host: "pi", pid: 1, slots: 1, busy: 0 };
    for (const name of ["pi/0", "pi/1", "mac/0"]) await announceRunner(redis, { ...presence, name });
    expect((await tac8(["pause", "--runner", "mac"])).out).toContain("mac/0 is paused: it starts no new agents");
    expect((await tac8(["pause", "--runner", "mac/0"])).out).toContain("mac/0 is already paused");
    await announceRunner(redis, { ...presence, slots: 2, name: "mac/0" });
    expect((await tac8(["resume", "--runner", "mac/1"])).out).toBe("mac/0 accepts new jobs again.\n");
    expect((await tac8(["pause", "--runner", "mac/2"])).err).toContain("unknown runner mac/2");
    expect(await tac8(["pause", "--runner", "pi"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/matches several runners: use one of pi\/0, pi\/1/),
    });
    expect(await tac8(["resume", "--runner", "x"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/unknown runner x \(runners: mac\/0/),
    });
    expect(await queue.isPaused()).toBe(false);
  });
});

describe("a mistake in the configuration", () => {
  const config = (text: string) => writeFileSync(join(lab.dir, "config.toml"), text);
  const good = '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\n';

  it.each([
    ["a key that is not there", `${good}isue_label = "go"\n`, "3", /config\.toml:4: github\.isue_label: unknown key/],
    ["a wrong value", `${good}[coordinator]\nmax_attempts = 0\n`, "3", /coordinator\.max_attempts: found 0/],
    ["a table with the repository", `${good}draft = "no"\n`, "octo/hello#3", /github\.draft: found "no"/],
    ["no TOML", `${good}[`, "https://github.com/octo/hello/issues/3", /not valid TOML/],
  ])("%s: pause, resume and stop work, and warn", async (_, text, issue, line) => {
    await queued(3);
    config(text);
    for (const args of [["pause"], ["resume"], ["stop", issue, "--no-wait"]]) {
      const { code, err } = await tac8(args);
      expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(line) as unknown });
      expect(err).toMatch(/^tac8: warning: [^\n]*\n$/);
    }
    expect(await store.read(id(3))).toMatchObject({ state: "stopped" });
    expect(await tac8(["retry", issue])).toMatchObject({ code: 1, out: "", err: expect.stringMatching(line) });
  });

  it("says what to do if the mistake concerns the repository or Redis", async () => {
    config("[");
    expect(await tac8(["stop", "3"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/write owner\/repo#471\n$/),
    });
    expect(await tac8(["pause"], { REDIS_URL: "odd" })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^tac8: .*\n.*environment variable REDIS_URL: /),
    });
  });
});

describe("tac8 add", () => {
  let github: LocalGitHub;
  let env: Record<string, string>;
  beforeEach(async () => {
    github = await startGitHub({ dir: join(lab.dir, "github") });
    const token = github.addUser({ login: "octo" });
    await github.createRepository({ owner: "octo", name: "hello" });
    env = { GITHUB_TOKEN: token, GITHUB_API_URL: github.url };
    const config = '[github]\nrepo_owner = "octo"\nrepo_name = "hello"\nwrite_interval_ms = 0\n';
    writeFileSync(join(lab.dir, "config.toml"), config);
  });
  afterEach(() => github.close());

  const open = (labels: readonly string[] = []) =>
    github.openIssue({ repo: REPO, title: "T", labels, author: "octo" }).number;
  const labels = (number: number) => github.issue(REPO, number).labels.toSorted();

  it("adds the label, with one priority, and says what happens next", async () => {
    const number = open(["bug", "priority:P1", "priority:p2"]);
    const alone = await tac8(["add", `${number}`, "--priority", "P0"], env);
    expect(alone).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringMatching(/^octo\/hello#1 is labelled: rpi-auto, priority P0\. The scheduler is not/),
    });
    expect(labels(number)).toEqual(["bug", "priority:P0", "rpi-auto"]);
    const now = Date.now();
    await announceScheduler(redis, { at: now, lastPollAt: now, error: null });
    expect((await tac8(["add", `${number}`], env)).out).toMatch(
      /already has the label: .*P0\. The scheduler has queued it, but no runner/,
    );
    await queued(number, { state: "blocked" });
    expect((await tac8(["add", `${number}`], env)).out).toMatch(/It waits for a reply to its question: reply/);
    await tac8(["pause"]);
    const { out } = await tac8(["add", `${open()}`, "--json"], env);
    expect(JSON.parse(out)).toEqual({
      issue: "octo/hello#2",
      label: "rpi-auto",
      priority: "P2",
      added: true,
      next: "The scheduler queues it within 30 s, where it waits: held by operator (tac8 status).",
    });
  });

  it("adds a label again that an ended run could not remove, or whose stop is not reported yet", async () => {
    const number = open(["rpi-auto"]);
    const events = () => github.requests.filter(({ method }) => method === "DELETE").length;
    await store.writeIf(id(number), {}, { state: "stopped", "command.stop": "stopped by ann@pi" });
    expect((await tac8(["add", `${number}`], env)).out).toContain("is labelled");
    expect(events()).toBe(1);
    expect(labels(number)).toEqual(["rpi-auto"]);
    expect(await store.read(id(number))).toMatchObject({ state: "stopped", command: { stop: null } });
  });

  it("is undone by a stop before the scheduler has seen the label", async () => {
    const [fresh, ended] = [open(), open()];
    await store.writeIf(id(ended), {}, { state: "pr", "end.outcome": "pr", "pull.number": 9 });
    for (const number of [fresh, ended]) await tac8(["add", `${number}`], env);
    expect(await tac8(["stop", `${fresh}`], env)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`octo/hello#${fresh} is stopped. To start it again: tac8 add`),
    });
    expect(await tac8(["stop", `${ended}`], env)).toEqual({
      code: 0,
      out: `octo/hello#${ended} is not started again: the scheduler removes its new label. Its state stays pr.\n`,
      err: "",
    });
    expect(await store.read(id(ended))).toMatchObject({
      state: "pr",
      label: { event: expect.any(Number) },
      command: { stop: null },
    });
    const deaf = await tac8(["stop", `${ended}`], { ...env, GITHUB_TOKEN: "" });
    expect(deaf).toMatchObject({ code: 0, out: expect.stringContaining("nothing to stop") });
    expect(deaf.err).toMatch(/warning: a label that was just added may still start it: GitHub was not asked/);
    const unlabelled = open();
    expect((await tac8(["stop", `${unlabelled}`], env)).err).toContain("does not have the label");
  });

  it("a retry of a closed or missing issue is refused in one line", async () => {
    const closed = open();
    await queued(closed, { state: "failed", "end.outcome": "failed" });
    await (await worker.getNextJob("token"))?.moveToFailed(new UnrecoverableError("no"), "token", false);
    github.closeIssue({ repo: REPO, number: closed, actor: "octo" });
    const refused = `octo/hello#${closed} is closed on GitHub: reopen it, then try again`;
    expect(await tac8(["retry", `${closed}`], env)).toEqual({ code: 1, out: "", err: `tac8: ${refused}\n` });
    expect(await tac8(["retry", "--failed"], env)).toEqual({ code: 1, out: "", err: `tac8: ${refused}\n` });
    expect((await tac8(["retry", "99"], env)).err).toContain("octo/hello#99 was not found on GitHub");
    const { out } = await tac8(["retry", `${closed}`, "--json"], env);
    expect(JSON.parse(out)).toEqual({ issues: [{ issue: `octo/hello#${closed}`, result: "closed" }] });
    expect(await store.read(id(closed))).toMatchObject({ state: "failed" });
    // Without a token, GitHub is not asked.
    expect((await tac8(["retry", `${closed}`])).out).toContain("is queued again");
  });

  it("adds the label even if Redis is unreachable, and reports that", async () => {
    const number = open();
    const { code, out } = await tac8(["add", `${number}`], { ...env, REDIS_URL: UNREACHABLE });
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/is unknown: Redis at .* is not reachable/),
    });
    expect(labels(number)).toEqual(["rpi-auto"]);
  });

  it("refuses in one line an issue that cannot be processed", async () => {
    const closed = open();
    github.closeIssue({ repo: REPO, number: closed, actor: "octo" });
    const stranger = github.addUser({ login: "stranger" });
    const cases: [string[], Record<string, string>, RegExp][] = [
      [["add", `${closed}`], env, /octo\/hello#1 is closed: reopen it first/],
      [["add", "99"], env, /octo\/hello#99 was not found on GitHub/],
      [["add", "x"], env, /"x" is not an issue/],
      [["add", `${open()}`], { ...env, GITHUB_TOKEN: "" }, /no GitHub token: set GITHUB_TOKEN/],
      [["add", `${open()}`], { ...env, GITHUB_TOKEN: "wrong" }, /GitHub refuses the token/],
      [["add", `${open()}`], { ...env, GITHUB_TOKEN: stranger }, /the token cannot change the labels of octo\/hello#4/],
    ];
    for (const [args, given, line] of cases) {
      const answer = await tac8(args, given);
      expect(answer).toMatchObject({ code: args[1] === "x" ? 2 : 1, out: "", err: expect.stringMatching(line) });
      expect(answer.err.trim().split("\n")).toHaveLength(1);
    }
  });
});

it("retry --json", async () => {
  await queued(3);
  const { code, out } = await tac8(["retry", "3", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({ issues: [{ issue: "octo/hello#3", result: "waiting", held: null }] });
  const none = await tac8(["retry", "9", "--json"]);
  expect(none).toMatchObject({ code: 1, err: "" });
  expect(JSON.parse(none.out)).toEqual({ issues: [{ issue: "octo/hello#9", result: "unknown" }] });
});

it.each([
  [["stop", "99"], 1, /octo\/hello#99 is unknown to tac8/],
  [["stop", "a/b#1"], 1, /a\/b is not a configured repository/],
  [["stop", "x"], 2, /"x" is not an issue/],
  [["stop"], 2, /missing required argument/],
  [["stop", "3", "--timeout", "soon"], 2, /--timeout takes seconds/],
  [["resume", "odd"], 1, /there is no hold odd \(nothing is held\)/],
  [["resume", "auth", "--runner", "pi"], 2, /cannot be used together/],
  [["pause", "--runner", "pi"], 1, /unknown runner pi \(no runner is running\)/],
  [["add", "3", "--priority", "P9"], 2, /Allowed choices are P0, P1, P2/],
] as const)("%j: exit code %i, one line", async (args, code, line) => {
  const answer = await tac8(args);
  expect(answer).toEqual({ code, out: "", err: expect.stringMatching(line) });
  expect(answer.err.trim().split("\n")).toHaveLength(1);
});

it.each([
  [["stop", "--json"], /^missing required argument 'issue'$/],
  [["list", "--json", "--colour"], /^unknown option '--colour'$/],
  [["list", "--json", "--state", "odd"], /Allowed choices are queued/],
  [["pose", "--json"], /^unknown (command|option)/],
  [["stop", "3", "--timeout", "soon", "--json"], /--timeout takes seconds/],
] as const)("%j: wrong usage is an object on stdout as well", async (args, line) => {
  const { code, out, err } = await tac8(args);
  expect({ code, answer: JSON.parse(out) as unknown }).toEqual({
    code: 2,
    answer: { error: { code: 2, lines: expect.arrayContaining([expect.stringMatching(line)]) as unknown } },
  });
  expect(err).toMatch(/^tac8: /);
});

it("reports an unreachable Redis", async () => {
  for (const args of [["stop", "3"], ["pause"], ["resume"], ["retry", "3"]]) {
    expect(await tac8(args, { REDIS_URL: UNREACHABLE })).toEqual({
      code: 1,
      out: "",
      err: expect.stringMatching(/^tac8: Redis at .* is not reachable \([^)]+\): .*\n$/),
    });
  }
});
