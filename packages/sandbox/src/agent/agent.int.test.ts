import { randomUUID } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Script } from "./script.ts";
import type { Session } from "./session.ts";
import { startAgent, type StartAgent, type TestAgent } from "./test-agent.ts";

let cwd: string;
let started: TestAgent[];

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "tac8-agent-"));
  started = [];
});

afterEach(async () => {
  for (const agent of started) {
    agent.child.kill("SIGKILL");
    await agent.end();
  }
  await rm(cwd, { recursive: true, force: true });
});

function start(args: readonly string[], more: Partial<StartAgent> = {}): TestAgent {
  const agent = startAgent({ args, cwd, ...more });
  started.push(agent);
  return agent;
}

const promptOf = (script: Script, text = "Please") => `${text}\n\`\`\`tac8-script\n${JSON.stringify(script)}\n\`\`\`\n`;

const isResult = ({ type }: { type: string }) => type === "result";

async function once(script: Script, args: readonly string[] = []) {
  const agent = start(args);
  agent.say(promptOf(script));
  const result = await agent.until(isResult);
  return { agent, result, ...(await agent.end()) };
}

const read = (path: string) => readFile(join(cwd, path), "utf8");

describe("work", () => {
  it("writes, runs, commits and ends with its summary", async () => {
    execFileSync("git", ["init", "-q"], { cwd });
    const { agent, result, code } = await once([
      { think: "hm" },
      { write: "src/a.txt", text: "one\n" },
      { append: "src/a.txt", text: "two\n" },
      { bash: "cat src/a.txt; exit 3" },
      { commit: "it's done" },
      { result: "All good." },
    ]);
    expect([code, result["result"], result["is_error"]]).toEqual([0, "All good.", false]);
    expect(await read("src/a.txt")).toBe("one\ntwo\n");
    expect(execFileSync("git", ["log", "--format=%s"], { cwd }).toString()).toBe("it's done\n");
    expect(JSON.stringify(agent.seen)).toContain("Exit code 3\\none\\ntwo");
  });

  it("leaves a note if there is no script", async () => {
    execFileSync("git", ["init", "-q"], { cwd });
    const agent = start([]);
    agent.say("Fix the thing\nplease");
    await agent.until(isResult);
    expect(await read("NOTES.md")).toBe("Fix the thing\n");
  });

  it("asks in BLOCKED.md, and notes prompt and environment exactly", async () => {
    const text = 'A {brace} "quote" `tick` $(touch /tmp/x) 🦀 \u202eright';
    const agent = start([], { env: { CANARY: "c" } });
    const prompt = promptOf([{ ask: "Which?" }, { prompt: "p.txt" }, { env: "e.json" }], text);
    agent.say(prompt);
    await agent.until(isResult);
    expect(await read("BLOCKED.md")).toBe("Which?");
    expect(await read("p.txt")).toBe(prompt);
    expect(JSON.parse(await read("e.json"))).toMatchObject({ CANARY: "c" });
  });

  it("waits for another message after a result, and counts costs on", async () => {
    const agent = start([]);
    agent.say(promptOf([[{ result: "one" }], [{ result: "two" }]]));
    const first = await agent.until(isResult);
    agent.say("continue");
    const second = await agent.until(isResult);
    expect(await agent.end()).toMatchObject({ code: 0 });
    expect([second["result"], second["result_index"]]).toEqual(["two", 1]);
    expect(second["total_cost_usd"]).toBeCloseTo(2 * Number(first["total_cost_usd"]), 6);
    expect(second["model_usage_since_last_result"]).toEqual(first["model_usage_since_last_result"]);
  });

  it("takes a prompt file and prints plain text", async () => {
    const agent = start(["-p", "--prompt-file", join(cwd, "prompt")], { flags: [] });
    const done = agent.end();
    expect(await done).toMatchObject({ code: 1, errors: expect.stringContaining("prompt") as unknown });
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(cwd, "prompt"), promptOf([{ say: "hi" }, { exit: 4 }]));
    const second = start(["-p", "--prompt-file", join(cwd, "prompt")], { flags: [] });
    expect(await second.end()).toMatchObject({ code: 4 });
    expect(second.seen).toEqual([{ type: "text", text: "hi" }]);
  });

  it("records its start and its end", async () => {
    const file = join(cwd, "witness");
    const agent = start(["--session-id", randomUUID()], { env: { TAC8_WITNESS: file, TAC8_RUN: "run-7" } });
    agent.say(promptOf([{ result: "x" }]));
    await agent.until(isResult);
    await agent.end();
    const lines = (await read("witness")).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { cwd, resumed: false, runMarker: "run-7", pid: agent.child.pid },
      { finished: "success", runMarker: "run-7" },
    ]);
  });

  it("ends only when all of its output is written, also after the end of its input", async () => {
    const file = join(cwd, "witness");
    const id = randomUUID();
    const agent = start(["--session-id", id], { env: { TAC8_WITNESS: file } });
    const { child } = agent;
    child.stdout.pause();
    agent.say(promptOf([{ output: 20_000_000 }, { result: "x" }]));
    child.stdin.end();
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const saved = vi.waitFor(
      async () => {
        const session = JSON.parse(await read(`.claude/projects/scripted/${id}.jsonl`)) as Session;
        expect(session.total.outputTokens).toBeGreaterThan(0);
      },
      { timeout: 60_000 },
    );
    await Promise.race([exited, saved]);
    expect((await read("witness")).trim().split("\n")).toHaveLength(1);
    child.stdout.resume();
    expect(await agent.until(isResult)).toMatchObject({ result: "x" });
  });
});

describe("sessions", () => {
  it("continue after the last finished step, also after a kill", async () => {
    const id = randomUUID();
    const agent = start(["--session-id", id]);
    agent.say(
      promptOf([{ write: "one", text: "1" }, { crash: true }, { write: "two", text: "2" }, { result: "done" }]),
    );
    await agent.until(({ type }) => type === "user");
    expect(await agent.end()).toMatchObject({ signal: "SIGKILL" });
    const again = start(["--resume", id]);
    again.say("continue");
    expect(await again.until(isResult)).toMatchObject({ result: "done", session_id: id });
    expect(JSON.stringify(again.seen)).not.toContain('"one"');
    expect(await read("two")).toBe("2");
  });

  it("follow `again` when resumed", async () => {
    const id = randomUUID();
    await once({ first: [{ result: "a" }], again: [{ result: "b" }] }, ["--session-id", id]);
    const again = start(["--resume", id]);
    again.say("continue");
    expect((await again.until(isResult))["result"]).toBe("b");
  });

  it("refuse an id in use, and an unknown id", async () => {
    const id = randomUUID();
    await once([{ result: "a" }], ["--session-id", id]);
    expect(await start(["--session-id", id]).end()).toMatchObject({
      code: 1,
      errors: expect.stringContaining("already in use") as unknown,
    });
    const unknown = start(["--resume", randomUUID()]);
    const result = await unknown.until(isResult);
    expect(result).toMatchObject({ subtype: "error_during_execution", is_error: true });
    expect(await unknown.end()).toMatchObject({
      code: 1,
      errors: expect.stringContaining("No conversation") as unknown,
    });
  });
});

it("runs a `once` step only once, in whichever session", async () => {
  const script: Script = [{ once: "met", step: { error: { status: 401, message: "no", code: "account_on_hold" } } }];
  const first = await once(script);
  expect(first.result).toMatchObject({ is_error: true, api_error_status: 401 });
  expect(first.agent.seen.find(({ error }) => error !== undefined)).toMatchObject({ error: "account_on_hold" });
  expect((await once([...script, { retry: { status: 529 } }, { result: "well" }])).result["result"]).toBe("well");
});

describe("endings", () => {
  it("report API errors, limits and turns in the result", async () => {
    const overloaded = await once([{ error: { status: 529, message: "Overloaded" } }]);
    expect(overloaded).toMatchObject({
      code: 1,
      result: { is_error: true, terminal_reason: "api_error", api_error_status: 529 },
    });
    expect(overloaded.agent.seen.find(({ error }) => error !== undefined)).toMatchObject({ error: "server_error" });
    const unreachable = await once([{ error: { status: null, message: "Connection refused" } }]);
    expect(unreachable.result).toMatchObject({ api_error_status: null, api_error: "connection_failed" });
    const refused = await once([{ refused: "refusal" }]);
    expect(refused).toMatchObject({
      code: 1,
      result: { is_error: true, stop_reason: "refusal", api_error_status: null },
    });
    const tooLong = await once([{ refused: "prompt_too_long" }]);
    expect(tooLong).toMatchObject({ code: 1, result: { terminal_reason: "prompt_too_long" } });
    const silent = await once([{ nothing: true }]);
    expect(silent).toMatchObject({ code: 0, result: { is_error: false, result: "", usage: { output_tokens: 0 } } });
    const limit = await once([{ usageLimit: { resetsAt: 1_800_000_000 } }]);
    expect(limit).toMatchObject({ code: 1, result: { api_error_status: 429 } });
    expect(limit.result["result"]).toContain("1800000000");
    const turns = await once([{ maxTurns: true }]);
    expect(turns).toMatchObject({ code: 1, result: { subtype: "error_max_turns", terminal_reason: "max_turns" } });
  });

  it.each([
    [{ exit: 3 }, 3, null],
    [{ noResult: true }, 0, null],
    [{ crash: true }, null, "SIGKILL"],
  ] as const)("without a result: %j", async (step, code, signal) => {
    const agent = start([]);
    agent.say(promptOf([step]));
    expect(await agent.end()).toMatchObject({ code, signal });
    expect(agent.seen.filter(isResult)).toEqual([]);
  });

  it("stop on an interrupt, kill their command, and take another message", async () => {
    const agent = start([]);
    agent.say(promptOf([[{ bash: "echo $$ > pid; sleep 1000" }], [{ result: "fine" }]]));
    await vi.waitFor(async () => expect(await read("pid")).toMatch(/\d+\n/), { timeout: 30_000 });
    agent.send({ type: "control_request", request_id: "i-1", request: { subtype: "interrupt" } });
    await agent.until(({ type }) => type === "control_response");
    expect(await agent.until(isResult)).toMatchObject({
      subtype: "error_during_execution",
      terminal_reason: "aborted_tools",
    });
    const pid = Number(await read("pid"));
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
    agent.say("continue");
    expect(await agent.until(isResult)).toMatchObject({ result: "fine" });
    expect(await agent.end()).toMatchObject({ code: 0 });
  });

  it("stop a hang on an interrupt, unless deaf; SIGTERM ends with 143, unless ignored", async () => {
    const agent = start([]);
    agent.say(promptOf([{ say: "x" }, { hang: true }]));
    await agent.until(({ type }) => type === "assistant");
    agent.send({ type: "control_request", request_id: "i-1", request: { subtype: "interrupt" } });
    expect(await agent.until(isResult)).toMatchObject({ terminal_reason: "aborted_streaming" });
    expect(await agent.end()).toMatchObject({ code: 1 });
    const term = start([]);
    term.say(promptOf([{ say: "x" }, { hang: "deaf" }]));
    await term.until(({ type }) => type === "assistant");
    term.child.kill("SIGTERM");
    expect(await term.end()).toMatchObject({ code: 143 });
  });

  it("leave a detached daemon behind", async () => {
    const { code } = await once([{ daemon: "bare", pidFile: "pid" }, { result: "x" }]);
    expect(code).toBe(0);
    const pid = Number(await read("pid"));
    expect(process.kill(pid, 0)).toBe(true);
    process.kill(pid, "SIGKILL");
  });
});
