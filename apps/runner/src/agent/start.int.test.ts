import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { classifyEnd } from "./classify.ts";
import { commandDriver } from "./command/driver.ts";
import { createBench, FIXTURES, exited, numberIn, type Bench } from "./testing/harness.ts";

let bench: Bench;
beforeEach(async () => (bench = await createBench()));
afterEach(() => bench.close());

const kindOf = (end: Parameters<typeof classifyEnd>[0], provider: "claude" | "command" = "claude"): string => {
  const agentResult = classifyEnd(end, { provider, now: Date.now() });
  return agentResult.ok ? "ok" : agentResult.kind;
};

test("a success has figures, text, live events, and a complete raw log", async () => {
  const request = bench.behave("success");
  const handle = bench.start(request);
  const end = await handle.done;
  expect(end).toMatchObject({
    cause: "exited",
    code: 0,
    signal: null,
    costUsd: 0.5,
    turns: 1,
    lastText: "all done",
    stderrTail: "",
    usage: { inputTokens: 10, outputTokens: 5, cacheReadTokens: 2, cacheWriteTokens: 1 },
    survivorsKilled: 0,
    remaining: 0,
    problems: [],
    sessionId: "11111111-1111-4111-8111-111111111111",
  });
  expect(kindOf(end)).toBe("ok");
  expect(bench.events.map(({ kind }) => kind)).toEqual(["init", "text", "result"]);
  const lines = readFileSync(request.logPath, "utf8").trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(["system", "assistant", "result"]);
});

test("a result is not the end: stdin is closed, and later output counts", async () => {
  const end = await bench.start(bench.behave("lingering")).done;
  expect(end).toMatchObject({ code: 0, costUsd: 1, turns: 2, lastText: "second" });
});

test("an agent that has finished but does not exit is ended, and its work counts", async () => {
  const request = bench.behave("stays");
  const end = await bench.start({ ...request, limits: { ...request.limits, lingerMs: 100, graceMs: 2000 } }).done;
  expect(end).toMatchObject({ cause: "lingered", finished: true, lastText: "all done" });
  expect(kindOf(end)).toBe("ok");
});

test("an agent that continues after a result does not count as finished", async () => {
  const request = bench.behave("continues");
  const limits = { ...request.limits, lingerMs: 400, stallMs: 1200, graceMs: 300 };
  const end = await bench.start({ ...request, limits }).done;
  expect(end).toMatchObject({ cause: "stalled", finished: false });
  expect(kindOf(end)).toBe("stalled");
});

test("the agent gets its own environment, the defaults, the marker, and no other variable", async () => {
  const request = bench.behave("environment");
  const env = { ...request.env, DISABLE_AUTOUPDATER: "0" };
  const end = await bench.start({ ...request, env }).done;
  expect(JSON.parse(end.lastText)).toEqual({
    ...env,
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    IS_SANDBOX: "1",
    TAC8_RUN: request.runId,
  });
});

test("a crash keeps the text on stderr", async () => {
  const end = await bench.start(bench.behave("crash")).done;
  expect(end).toMatchObject({ cause: "exited", code: 3, result: null, stderrTail: "boom\n" });
  expect(kindOf(end)).toBe("startup");
});

test("exit code 0 without a result is not a success", async () => {
  const end = await bench.start(bench.behave("no-result")).done;
  expect(end).toMatchObject({ code: 0, result: null, lastText: "forgot the result" });
  expect(kindOf(end)).toBe("startup");
});

test("a line of 11 MB is parsed", async () => {
  const end = await bench.start(bench.behave("huge-line")).done;
  expect(end).toMatchObject({ code: 0, lastText: "all done", problems: [] });
  expect(bench.events[1]?.text).toMatch(/^x+…$/);
});

test.each(["daemon", "env-daemon"])("a process that outlives the agent is killed: %s", async (behaviour) => {
  const file = join(bench.dir, "daemon.pid");
  const end = await bench.start(bench.behave(behaviour, file)).done;
  expect(kindOf(end)).toBe("ok");
  expect(end.survivorsKilled).toBe(1);
  await exited(await numberIn(file));
});

test("stop: an interrupt brings the result with its cost", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("hang", file));
  await numberIn(file);
  const end = await handle.stop("stopped", { graceMs: 60_000 });
  expect(end).toMatchObject({ cause: "stopped", code: 1, costUsd: 0.5, result: { terminalReason: "aborted_tools" } });
  expect(kindOf(end)).toBe("stopped");
});

test("stop: an agent that ignores interrupts gets SIGTERM", async () => {
  const handle = bench.start(bench.behave("obey-term"));
  await bench.event(({ text }) => text === "ready");
  // Three quarters of it pass before SIGTERM. In the rest, the agent has to end before it is killed.
  expect(await handle.stop("shutdown", { graceMs: 8000 })).toMatchObject({ cause: "shutdown", code: 143 });
});

test("stop: an agent that ignores every signal is killed; the first cause is kept", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("ignore-term", file));
  const pid = await numberIn(file);
  expect(await handle.agentPid).toBe(pid);
  void handle.stop("cancelled", { graceMs: 300 });
  const end = await handle.stop("shutdown", { graceMs: 60_000 });
  expect(end).toMatchObject({ cause: "cancelled", signal: "SIGKILL" });
  await exited(pid);
});

test("kill does not wait for a stop that is under way", async () => {
  const file = join(bench.dir, "pid");
  const handle = bench.start(bench.behave("ignore-term", file));
  await numberIn(file);
  void handle.stop("stopped", { graceMs: 3_600_000 });
  expect(await handle.kill("lost")).toMatchObject({ cause: "stopped", signal: "SIGKILL" });
});

test("silence is a stall, and a run that takes too long is a time-out", async () => {
  const limits = { wallMs: 3_600_000, stallMs: 300, graceMs: 2000 };
  const file = join(bench.dir, "pid");
  const stalled = await bench.start({ ...bench.behave("hang", file), limits }).done;
  expect(stalled.cause).toBe("stalled");
  const timedOut = await bench.start({
    ...bench.behave("hang", file),
    limits: { ...limits, wallMs: 300, stallMs: 3_600_000 },
  }).done;
  expect(timedOut.cause).toBe("timeout");
  expect([kindOf(stalled), kindOf(timedOut)]).toEqual(["stalled", "timeout"]);
});

test.each(["missing", "plain"])("a program that cannot be started: %s", async (name) => {
  const program = join(bench.dir, name);
  writeFileSync(join(bench.dir, "plain"), "no program", { mode: 0o644 });
  const message = `cannot start ${program}: spawn ${program} ${name === "missing" ? "ENOENT" : "EACCES"}`;
  const handle = bench.start(bench.request({ program: [program] }));
  const end = await handle.done;
  expect(end).toMatchObject({ cause: "spawn-failed", code: null, problems: [message] });
  expect(await handle.agentPid).toBeNull();
  expect(kindOf(end)).toBe("startup");
});

test("a missing folder is reported", async () => {
  const end = await bench.start(bench.request({ cwd: join(bench.dir, "missing") })).done;
  expect(end.problems).toEqual([expect.stringMatching(/its folder .*missing is missing$/)]);
});

test("a log that cannot be written is a problem, but does not end the agent", async () => {
  const end = await bench.start({ ...bench.behave("success"), logPath: "/dev/full" }).done;
  expect(kindOf(end)).toBe("ok");
  expect(end.problems).toEqual([expect.stringContaining("ENOSPC")]);
});

test("any other CLI runs by its template", async () => {
  const program = ["bash", "-c", 'echo "$1 for $2"; cat; echo oops >&2; exit 4', "cli", "{model}", "{prompt_file}"];
  const request = bench.request({ program, model: "m1" });
  const end = await bench.start(request, { driver: commandDriver({ model: "fake", prices: {} }) }).done;
  expect(end).toMatchObject({
    code: 4,
    result: null,
    sessionId: null,
    stderrTail: "oops\n",
    lastText: `m1 for ${request.promptFile}`,
  });
  expect(kindOf(end, "command")).toBe("startup");
});

test("a command is stopped by SIGTERM immediately", async () => {
  const program = ["bash", "-c", "trap 'echo stopping; exit 7' TERM; echo ready; while :; do sleep 0.05; done"];
  const handle = bench.start(bench.request({ program }), { driver: commandDriver({ model: "fake", prices: {} }) });
  await bench.event(({ text }) => text === "ready");
  const end = await handle.stop("stopped", { graceMs: 60_000 });
  expect(end).toMatchObject({ cause: "stopped", code: 7, lastText: "ready\nstopping" });
});

test("the fixtures exist", () => {
  expect(readFileSync(join(FIXTURES, "programs/daemon.sh"), "utf8")).toContain("setsid");
});
