import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { encodeAgentEvidence } from "@tac8/core/domain/agentEvidence";
import { jobIdOf } from "@tac8/core/domain/reference";
import { jobOptions, type JobData } from "@tac8/core/queue/contract";
import type { FormerEvent } from "@tac8/core/domain/formerEvents";
import { appendFormer } from "@tac8/core/testing/formerEvents.fixture";
import { setHold } from "@tac8/core/state/holds";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { announceRunner } from "@tac8/core/state/presence";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLab, type Lab } from "../../fixtures/harness.ts";
import { startSharedRedis, UNREACHABLE, type SharedRedis } from "../../fixtures/redis.ts";

let lab: Lab;
let server: SharedRedis;
let redis: Redis;
let queue: Queue<JobData>;

beforeAll(async () => {
  server = await startSharedRedis();
  ({ redis, queue } = server);
});
beforeEach(async () => {
  lab = openLab();
  await server.empty();
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "Octo"\nrepo_name = "Hello"\n');
});

afterEach(async () => {
  await lab.close();
});
afterAll(() => server.close());

const tac8 = (...args: string[]) => run(args, server.url);

async function run(args: readonly string[], url: string) {
  const cli = lab.start(args, { REDIS_URL: url });
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

const id = (number: number) => jobIdOf({ owner: "Octo", repo: "Hello", number });

const log = (number: number, to: FormerEvent["to"], change: Partial<FormerEvent> = {}) =>
  appendFormer(redis, { issue: id(number), from: "", to, by: "runner pi-1/0", reason: "", evidence: {}, ...change });

async function add(number: number, title = `Title ${number}`): Promise<void> {
  const data = { owner: "Octo", repo: "Hello", number, repositoryId: 1, title, url: `https://x/${number}` };
  await queue.add("issue", data, jobOptions({ jobId: id(number), priority: "P2", beforeNewWork: false, attempts: 3 }));
  const since = new Date().toISOString();
  await createIssueStore(redis).writeIf(id(number), {}, { state: "queued", since });
}

describe("tac8 why", () => {
  it("shows who holds the queue, and since when", async () => {
    await add(3, "A \u001b[31mred\u001b[0m title");
    const now = Date.now();
    await setHold(redis, { name: "operator", reason: "lunch", by: "ann@pi", since: now, until: null });
    await announceRunner(redis, { name: "pi-1/0", at: now, host: "pi-1", pid: 1, slots: 2, busy: 0 });
    const { code, out } = await tac8("why", "3");
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toBe("Octo/Hello#3  A red title");
    expect(lines[3]).toBe("Paused by ann@pi: lunch. To continue: tac8 resume.");
    expect(out).toMatch(/^● hold +paused: lunch \(set by ann@pi at \d\d:\d\d\)$/m);
    expect(out).toMatch(/^○ runners +a slot is free: pi-1\/0 has 0 of 2 slots busy$/m);
    expect(out).toMatch(/^○ issue +GitHub was not asked \(no GitHub token on this machine\)/m);
    const json = JSON.parse((await tac8("why", "octo/hello#3", "--json")).out) as unknown;
    expect(json).toMatchObject({
      issue: "Octo/Hello#3",
      state: "queued",
      answer: "Paused by ann@pi: lunch. To continue: tac8 resume.",
      rules: expect.arrayContaining([
        {
          rule: "hold",
          holds: true,
          text: expect.any(String),
          evidence: expect.objectContaining({ name: "operator", by: "ann@pi" }),
        },
      ]),
    });
  });

  it("exits with code 1 for an unknown issue", async () => {
    const { code, out } = await tac8("why", "99");
    expect(code).toBe(1);
    expect(out).toContain("Octo/Hello#99\nunknown to tac8\n\nNo scheduler is running. Start it.\n");
  });
});

describe("tac8 timeline", () => {
  it("shows all events, or those of one issue, grouped by day", async () => {
    await log(3, "queued", { by: "scheduler", reason: "labelled" });
    await log(4, "running", { from: "queued", reason: "work \u001b[2Jbegan" });
    await setHold(redis, { name: "auth", reason: "401", by: "runner pi-1/0", since: 0, until: null });
    const { code, out } = await tac8("timeline");
    expect(code).toBe(0);
    expect(out.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/^\w+day \d{4}-\d\d-\d\d$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}#3 {2}queued {14}labelled {2}\(scheduler\)$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}#4 {2}queued → running {4}work began {2}\(runner pi-1\/0\)$/),
      expect.stringMatching(/^\d\d:\d\d:\d\d {6}hold begins {9}auth: 401 {2}\(runner pi-1\/0\)$/),
    ]);
    const one = await tac8("timeline", "4", "--json");
    expect(JSON.parse(one.out)).toMatchObject({ events: [{ issue: "Octo/Hello#4", to: "running" }], more: false });
    expect(JSON.parse((await tac8("timeline", "--limit", "1", "--json")).out)).toMatchObject({
      events: [{ to: "hold" }],
      more: true,
    });
    expect(await tac8("timeline", "9")).toMatchObject({ code: 0, out: "No events of this issue.\n" });
  });

  it("follows new events until a signal", async () => {
    await log(3, "queued", { reason: "labelled" });
    const cli = lab.start(["timeline", "3", "--follow", "--json"], { REDIS_URL: server.url });
    await cli.seen(/labelled/);
    await log(4, "queued", { reason: "another" });
    await log(3, "running", { reason: "work began" });
    await cli.seen(/work began/);
    cli.signal("SIGINT");
    expect(await cli.ended).toMatchObject({ code: 0 });
    const lines = cli.stdout().trim().split("\n");
    expect(lines.map((line) => (JSON.parse(line) as FormerEvent).reason)).toEqual(["labelled", "work began"]);
  });
});

describe("tac8 report", () => {
  beforeEach(async () => {
    const figures = { input: 1000, output: 500, cacheRead: 0, cacheWrite: 0, costUsd: 0.42 };
    const models = [{ model: "claude-sonnet-4-5", ...figures }];
    const agent = encodeAgentEvidence({ run: "r", cause: "exited", costUsd: 0.42, turns: 3, ms: 90_000, models });
    await log(3, "agent", { from: "running", evidence: agent });
    await log(3, "pr", { from: "running", evidence: { pr: 7, sinceBegunMs: 720_000 } });
    const evidence = { failure: "agent" };
    await log(4, "failed", { from: "running", reason: "exit | code `1` @all", evidence });
  });

  it("fits in 80 columns", async () => {
    const { code, out } = await tac8("report");
    expect(code).toBe(0);
    expect(out).toMatch(/^Success +50 % \(1 of 2\)$/m);
    expect(out).toMatch(/^Label to PR +median 12 min 0 s, p90 12 min 0 s, longest 12 min 0 s \(of 1\)$/m);
    expect(out).toMatch(/^claude-sonnet-4-5 +1,000 +500 +0 +0 +\$0\.42$/m);
    expect(out).toMatch(/^#3 +PR #7 +12 min 0 s +1 min 30 s +1 +1,500 +\$0\.42$/m);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it("is a page for an issue, in which text of strangers has no effect", async () => {
    const { code, out } = await tac8("report", "--markdown");
    expect(code).toBe(0);
    expect(out).toMatch(/^## tac8, /);
    expect(out).toContain("| #3 | PR #7 | 12 min 0 s | 1 min 30 s | 1 | 1,500 | $0.42 |");
    expect(out).toContain("| agent | 1 | 1 | `exit \\| code '1' @all` |");
  });

  it("is JSON, with issues by their references", async () => {
    expect(JSON.parse((await tac8("report", "--json", "--since", "2h")).out)).toMatchObject({
      complete: true,
      successRate: 0.5,
      toPr: { count: 1, medianMs: 720_000 },
      agents: { runs: 1, tokens: 1500, costUsd: 0.42 },
      failures: [{ kind: "agent", tries: 1, issues: 1 }],
      issues: [
        { issue: "Octo/Hello#3", pr: 7 },
        { issue: "Octo/Hello#4", outcome: "failed" },
      ],
    });
  });
});

it("tac8 list shows how many more issues there are", async () => {
  const bulk = Array.from({ length: 230 }, (_, index) => ({
    name: "issue",
    data: { owner: "Octo", repo: "Hello", number: index + 1, repositoryId: 1, title: "t", url: "" },
    opts: jobOptions({ jobId: id(index + 1), priority: "P2", beforeNewWork: false, attempts: 3 }),
  }));
  await queue.addBulk(bulk);
  const { issues, more } = JSON.parse((await tac8("list", "--json")).out) as {
    issues: { issue: string }[];
    more: unknown;
  };
  expect([issues.length, more]).toEqual([200, { prioritized: 30 }]);
  expect(issues.map(({ issue }) => issue)).toContain("Octo/Hello#1");
  expect((await tac8("list")).out).toMatch(/\nNot shown: 30 waiting\. Each state shows at most 200 /);
  expect((await tac8("list", "--state", "failed")).out).toBe("No issue in that state.\n");
});

it.each([
  [["why"], 2, /missing required argument/],
  [["why", "x y"], 2, /"x y" is not an issue/],
  [["timeline", "a/b#1"], 1, /a\/b is not a configured repository/],
  [["timeline", "--limit", "0"], 2, /--limit 0 is not a number/],
  [["timeline", "--since", "7y"], 2, /--since 7y is not a time/],
  [["report", "--since", "soon"], 2, /--since soon is not a time/],
  [["report", "--markdown", "--json"], 2, /cannot be used together/],
])("%j ends with %i and one line", async (args, code, line) => {
  const answer = await tac8(...args);
  const out = args.includes("--json") ? expect.stringContaining('"error"') : "";
  expect(answer).toEqual({ code, out, err: expect.stringMatching(line) });
  expect(answer.err.trim().split("\n")).toHaveLength(1);
});

it("each of them reports an unreachable Redis", async () => {
  for (const args of [["why", "3"], ["timeline"], ["report"]]) {
    expect(await run(args, UNREACHABLE)).toEqual({
      code: 1,
      out: "",
      err: expect.stringMatching(/^tac8: Redis at .* not reachable/),
    });
  }
});

fieldTest("E12", "a text that is not an issue is wrong usage, for every command that takes an issue", async () => {
  for (const args of [
    ["view", "abc"],
    ["why", "abc"],
    ["timeline", "abc"],
    ["retry", "abc"],
    ["stop", "abc"],
    ["add", "abc"],
  ]) {
    const { code, err } = await run(args, server.url);
    expect([args, code, err]).toEqual([args, 2, expect.stringMatching(/^tac8: "abc" is not an issue/)]);
  }
});

fieldTest("E12", "with --json a problem is JSON on stdout, and one line on stderr", async () => {
  const { code, out, err } = await run(["why", "3", "--json"], UNREACHABLE);
  expect(JSON.parse(out)).toEqual({ error: { code: 1, lines: [expect.stringMatching(/^Redis at .* not reachable/)] } });
  expect([code, err.trim().split("\n").length]).toEqual([1, 1]);
});
