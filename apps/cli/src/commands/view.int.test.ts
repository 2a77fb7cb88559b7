import { ClaudeReader } from "@tac8/core/conversation/claude";
import type { LiveEvent } from "@tac8/core/conversation/event";
import { parseEvent } from "@tac8/core/conversation/json";
import { runLogPath } from "@tac8/core/conversation/runLog";
import { shortenEvent } from "@tac8/core/conversation/shorten";
import { jobIdOf } from "@tac8/core/domain/reference";
import { jobOptions, type JobData } from "@tac8/core/queue/contract";
import { createIssueStore, type IssueStore } from "@tac8/core/state/issueStore";
import type { IssuePatch } from "@tac8/core/state/issueState";
import { runStreamKey } from "@tac8/core/state/keys";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLab, type Cli, type Lab } from "../../fixtures/harness.ts";
import { startSharedRedis, type SharedRedis } from "../../fixtures/redis.ts";

const REF = { owner: "Octo", repo: "Hello", number: 3 };
const ID = jobIdOf(REF);
const SECRET = "sk-ant-abcdefghijklmnop";

let lab: Lab;
let server: SharedRedis;
let redis: Redis;
let queue: Queue<JobData>;
let store: IssueStore;

beforeAll(async () => {
  server = await startSharedRedis();
  ({ redis, queue } = server);
});
beforeEach(async () => {
  lab = openLab();
  await server.empty();
  store = createIssueStore(redis);
  writeFileSync(join(lab.dir, "config.toml"), '[github]\nrepo_owner = "Octo"\nrepo_name = "Hello"\n');
});

afterEach(async () => {
  await lab.close();
});
afterAll(() => server.close());

function start(...args: string[]): Cli {
  return lab.start(args, { REDIS_URL: server.url, TZ: "UTC" });
}

async function tac8(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const cli = start(...args);
  const { code } = await cli.ended;
  return { code, out: cli.stdout(), err: cli.stderr() };
}

async function addIssue(patch: IssuePatch = {}): Promise<void> {
  const url = "https://github.com/Octo/Hello/issues/3";
  const data = { ...REF, repositoryId: 1, title: "Say hello", url };
  await queue.add("issue", data, jobOptions({ jobId: ID, priority: "P2", beforeNewWork: false, attempts: 3 }));
  await store.writeIf(ID, {}, { state: "queued", since: new Date().toISOString(), ...patch });
}

const agentRun = (n: number, at = new Date().toISOString()) => ({
  n,
  run: `run-${n}`,
  runner: "pi-1/0",
  at,
  session: `session-${n}`,
});

/** Return the output of an agent: a turn with one tool call. */
const LINES = [
  { type: "system", subtype: "init", session_id: "s", model: "opus", cwd: "/w" },
  {
    type: "assistant",
    session_id: "s",
    message: {
      id: "m1",
      usage: { input_tokens: 10, output_tokens: 1 },
      content: [
        { type: "text", text: "I read \u001b[31mfiles\u202e" },
        { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls", description: "list" } },
      ],
    },
  },
  {
    type: "user",
    session_id: "s",
    message: {
      content: [{ type: "tool_result", tool_use_id: "t1", content: `${"file\n".repeat(30)}${SECRET}\nlast file` }],
    },
  },
  {
    type: "result",
    subtype: "success",
    session_id: "s",
    is_error: false,
    result: "All is done.",
    num_turns: 2,
    total_cost_usd: 99,
    model_usage_since_last_result: { opus: { inputTokens: 10, outputTokens: 20, costUSD: 0.25 } },
  },
].map((line) => JSON.stringify(line));

function liveOf(lines: readonly string[]): LiveEvent[] {
  const reader = new ClaudeReader();
  return lines.flatMap((line) => reader.read(parseEvent(line) ?? {}, Date.now())).map(shortenEvent);
}

async function record(run: string, events: readonly LiveEvent[]): Promise<void> {
  for (const event of events) await redis.xadd(runStreamKey(run), "*", "event", JSON.stringify(event));
}

function writeLog(run: string): void {
  const path = runLogPath(lab.dataFolder, REF, run);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${LINES.join("\n")}\n`);
}

describe("tac8 view", () => {
  it("lists the hosts to which agents were refused connections, with counts", async () => {
    const blockedHosts = [{ host: "evil.example", times: 3 }];
    await addIssue({ state: "pr", "pull.number": 9, "agent.runs": [agentRun(1)], "agent.blockedHosts": blockedHosts });
    expect((await tac8("view", "3")).out).toContain("\nblocked: evil.example, 3 times\n");
    expect(JSON.parse((await tac8("view", "3", "--json")).out)).toMatchObject({ blockedHosts });
  });

  it("shows the newest run of any machine, from its live stream", async () => {
    await addIssue({ state: "pr", "pull.number": 9, "agent.runs": [agentRun(1), agentRun(2)] });
    await record("run-2", liveOf(LINES));
    const { code, out, err } = await tac8("view", "3");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const [title, facts, , ...lines] = out.trimEnd().split("\n");
    expect(title).toBe("Octo/Hello#3  Say hello");
    expect(facts).toMatch(/^run 2 of 2 on pi-1\/0 · started [\d:]+ · issue: queued · PR #9$/);
    expect(lines.map((line) => line.slice(10))).toEqual([
      "opus, session s",
      "I read files",
      "▸ Bash  ls",
      "  file",
      "  file",
      "  file",
      "  file",
      "  … 28 more lines",
      "■ done · 2 turns · 30 tokens · $0.25",
      "  All is done.",
      "",
      expect.stringContaining("· $0.25 · tokens: 10 in, 20 out, 0 from cache, 0 to cache"),
    ]);
  });

  it("shows another run, and lists the existing ones", async () => {
    await addIssue({ state: "failed", "agent.runs": [agentRun(4), agentRun(5)] });
    await record("run-4", liveOf(LINES));
    expect((await tac8("view", "3", "--run", "4")).out).toContain("run 4 of 5 on pi-1/0");
    expect(await tac8("view", "3", "--run", "9")).toEqual({
      code: 1,
      out: "",
      err: "tac8: Octo/Hello#3 has no run 9: it has runs 4 to 5, older runs are deleted\n",
    });
  });

  it("shows everything in detail if the raw log is on this machine, without its secrets", async () => {
    await addIssue({ state: "failed", "agent.runs": [agentRun(1)] });
    await record("run-1", liveOf(LINES));
    const far = await tac8("view", "3", "--detailed");
    expect(far.out).toContain("(results are shortened here: complete results are in the raw log on pi-1)");
    writeLog("run-1");
    const { out } = await tac8("view", "3", "--detailed");
    expect(out).toContain("description: list");
    expect(out).toContain("last file");
    expect(out).not.toMatch(/more lines|raw log|sk-ant/);
  });

  it("falls back to the raw log if the stream has lost its first events, and reports that on other machines", async () => {
    await addIssue({ state: "failed", "agent.runs": [agentRun(1)] });
    await record("run-1", liveOf(LINES));
    await redis.xtrim(runStreamKey("run-1"), "MAXLEN", 2);
    expect((await tac8("view", "3")).out).toContain("(the first 3 events are only in the raw log on pi-1)");
    writeLog("run-1");
    const { out } = await tac8("view", "3");
    expect(out).toContain("I read files");
    expect(out).not.toContain("raw log");
  });

  it("is one object as JSON", async () => {
    await addIssue({ state: "failed", "agent.runs": [agentRun(1)] });
    await record("run-1", liveOf(LINES));
    const { out } = await tac8("view", "3", "--json");
    const output = JSON.parse(out) as Record<string, unknown>;
    expect(Object.keys(output)).toEqual(
      [
        "issue",
        "title",
        "url",
        "state",
        "models",
        "pr",
        "blockedHosts",
        "run",
        "source",
        "note",
        "entries",
        "todo",
        "end",
      ].flat(),
    );
    expect(output).toMatchObject({
      issue: "Octo/Hello#3",
      run: { n: 1, of: 1, id: "run-1", runner: "pi-1/0", session: "session-1", live: false },
      source: "stream",
      entries: [
        { event: { kind: "init" } },
        { event: { kind: "text" } },
        { event: { kind: "tool", tool: "Bash", call: "t1" }, children: [{ event: { kind: "tool-result" } }] },
        { event: { kind: "result" } },
      ],
      end: { live: false, turns: 2, costUsd: 0.25, tokens: { input: 10, output: 20 }, exact: true },
    });
  });

  it("shows what a running agent has used so far", async () => {
    await addIssue({ state: "running", "run.id": "run-1", "agent.runs": [agentRun(1)] });
    await record("run-1", liveOf(LINES.slice(0, 2)));
    const { out } = await tac8("view", "3");
    expect(out).toContain("▸ Bash  ls\n");
    expect(out).not.toContain("(no result)");
    expect(out).toMatch(/still running · .* · tokens: at least 10 in, 1 out/);
  });

  it.each([
    [["view", "99"], 1, /Octo\/Hello#99 is unknown to tac8: check the number/],
    [["view", "x"], 2, /"x" is not an issue/],
    [["view"], 2, /missing required argument 'issue'/],
    [["view", "3", "--run", "first"], 2, /--run needs the number of a run/],
    [["view", "3"], 1, /no agent has worked on Octo\/Hello#3 yet: its state is queued/],
  ])("%j: one clear line", async (args, code, line) => {
    await addIssue();
    const answer = await tac8(...args);
    expect(answer).toEqual({ code, out: "", err: expect.stringMatching(line) });
    expect(answer.err.trim().split("\n")).toHaveLength(1);
  });

  it("names the machine with the log if the stream has expired", async () => {
    await addIssue({ state: "failed", "agent.runs": [agentRun(1, "2026-01-02T03:04:05Z")] });
    expect(await tac8("view", "3")).toEqual({
      code: 1,
      out: "",
      err: "tac8: the conversation of run 1 is no longer in Redis, and its log is not on this machine: run this command on pi-1\n",
    });
  });
});

describe("tac8 view --follow", () => {
  it("continues until the run ends", async () => {
    await addIssue({ state: "running", "run.id": "run-1", "agent.runs": [agentRun(1)] });
    const live = liveOf(LINES);
    await record("run-1", live.slice(0, 2));
    const cli = start("view", "3", "--follow");
    await cli.seen(/I read files\n/);
    expect(cli.stdout()).not.toContain("Bash");
    await record("run-1", live.slice(2, 3));
    await cli.seen(/▸ Bash {2}ls\n/);
    await record("run-1", live.slice(3));
    await store.writeIf(ID, {}, { "run.id": null, state: "pr" });
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stdout()).toMatch(/ {2}… 28 more lines\n.*■ done · 2 turns/);
    expect(cli.stdout()).toMatch(/\n2 turns · .*\$0\.25/);
  });

  it("waits for the agent of a run that has just begun", async () => {
    await addIssue({ state: "running", "run.id": "run-2", "agent.runs": [agentRun(1)] });
    const cli = start("view", "3", "--follow");
    await record("run-2", liveOf(LINES));
    await store.writeIf(ID, {}, { "agent.runs": [agentRun(1), agentRun(2)] });
    await cli.seen(/run 2 of 2[^]*■ done/);
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });

  it("waits for the first agent of an issue in the queue", async () => {
    await addIssue();
    const cli = start("view", "3", "--follow");
    await cli.seen(/No agent has worked on Octo\/Hello#3 yet: waiting for the first run\n/);
    await record("run-1", liveOf(LINES));
    await store.writeIf(ID, {}, { state: "running", "run.id": "run-1", "agent.runs": [agentRun(1)] });
    await cli.seen(/run 1 of 1[^]*■ done/);
    cli.signal("SIGTERM");
    expect((await cli.ended).code).toBe(0);
  });

  it("ends cleanly with Ctrl-C", async () => {
    await addIssue({ state: "running", "run.id": "run-1", "agent.runs": [agentRun(1)] });
    await record("run-1", liveOf(LINES.slice(0, 2)));
    const cli = lab.spawn(["view", "3", "--follow"], { REDIS_URL: server.url });
    await cli.seen(/Bash/);
    cli.signal("SIGINT");
    expect(await cli.ended).toEqual({ code: 0, signal: null });
    expect(cli.stdout()).toContain("still running");
    expect(cli.stderr()).toBe("");
  });

  it("prints one JSON object per line, in detail from the raw log", async () => {
    await addIssue({ state: "pr", "agent.runs": [agentRun(1)] });
    writeLog("run-1");
    const { code, out } = await tac8("view", "3", "--follow", "--json", "--detailed");
    expect(code).toBe(0);
    const lines = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; event?: LiveEvent });
    expect(lines.map(({ type, event }) => event?.kind ?? type)).toEqual([
      "run",
      "init",
      "text",
      "tool",
      "tool-result",
      "result",
      "end",
    ]);
    expect(lines[4]?.event?.text).toContain("last file");
    expect(lines.at(-1)).toMatchObject({ live: false, turns: 2, costUsd: 0.25, exact: true });
  });
});
