import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { classifyEnd } from "../classify.ts";
import { createBench, FIXTURES, exited, isRunning, numberIn, type Bench } from "../testing/harness.ts";
import type { AgentRequest } from "../types.ts";

const CLAUDE = fileURLToPath(new URL("../../../../../node_modules/.bin/claude", import.meta.url));

let bench: Bench;
let stub: ChildProcess;
let baseUrl = "";

beforeEach(async () => {
  bench = await createBench();
  const child = spawn(process.execPath, [join(FIXTURES, "messages-api-stub.mjs")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  stub = child;
  const [port] = await once(child.stdout, "data");
  baseUrl = `http://127.0.0.1:${String(port).trim()}`;
});

afterEach(async () => {
  stub.kill();
  await bench.close();
});

/** Return a request for the real CLI in a new repository, with a script for the stub. */
function claude(steps: readonly unknown[], given: Partial<AgentRequest> = {}): AgentRequest {
  const cwd = join(bench.dir, "tree");
  mkdirSync(cwd, { recursive: true });
  git(cwd, "init", "-q");
  const base = bench.request();
  return {
    ...base,
    program: [CLAUDE],
    cwd,
    model: "claude-sonnet-4-5",
    prompt: `Please fix it. @@stub ${JSON.stringify(steps)}@@`,
    env: {
      ...base.env,
      CLAUDE_CONFIG_DIR: join(bench.dir, "claude"),
      ANTHROPIC_API_KEY: "sk-ant-not-a-key",
      ANTHROPIC_BASE_URL: baseUrl,
      CLAUDE_CODE_MAX_RETRIES: "0",
      DISABLE_TELEMETRY: "1",
      // Otherwise it leaves folders in /tmp.
      CLAUDE_CODE_TMPDIR: bench.dir,
    },
    ...given,
  };
}

function git(cwd: string, ...args: string[]): string {
  const done = spawnSync("git", args, { cwd, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: bench.dir } });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout.trim();
}

test("the agent commits with its Bash tool, and a second run resumes the session", async () => {
  const command = "echo fixed > a.txt; git add -A; git -c user.name=a -c user.email=a@localhost commit -qm 'fix: a'";
  const steps = [{ text: "committing", tool: "Bash", input: { command, description: "commit" } }, { text: "Fixed a." }];
  const request = claude(steps);
  const end = await bench.start(request).done;
  expect(classifyEnd(end, { provider: "claude", now: Date.now() })).toEqual({ ok: true });
  expect(end).toMatchObject({ code: 0, turns: 2, lastText: "Fixed a.", sessionId: request.sessionId, stderrTail: "" });
  expect(end.usage).toMatchObject({ inputTokens: 200, outputTokens: 100 });
  expect(end.costUsd).toBeGreaterThan(0);
  expect(git(request.cwd, "log", "--format=%s")).toBe("fix: a");
  expect(bench.events.map(({ kind, tool }) => tool ?? kind)).toEqual([
    "init",
    "text",
    "Bash",
    "tool-result",
    "text",
    "result",
  ]);

  const again = claude([{ text: "More." }], { sessionId: request.sessionId, resume: true });
  const second = await bench.start(again).done;
  expect(second).toMatchObject({ code: 0, turns: 1, lastText: "More.", sessionId: request.sessionId });
  expect(second.usage.inputTokens).toBe(100);
  const asked = (await (await fetch(`${baseUrl}/requests`)).json()) as { body: { messages?: unknown } }[];
  expect(JSON.stringify(asked.at(-1)?.body.messages)).toContain("Fixed a.");
});

test("a session is resumed in a workspace that tac8 move-data has moved", async () => {
  const first = claude([{ text: "Begun here." }]);
  expect(await bench.start(first).done).toMatchObject({ code: 0 });
  const cwd = join(bench.dir, "data", "trees", "gh-1");
  mkdirSync(dirname(cwd), { recursive: true });
  renameSync(first.cwd, cwd);
  const moved = {
    ...first,
    cwd,
    resume: true,
    prompt: `Continue. @@stub ${JSON.stringify([{ text: "Ended there." }])}@@`,
  };
  expect(await bench.start(moved).done).toMatchObject({
    code: 0,
    lastText: "Ended there.",
    sessionId: first.sessionId,
  });
  const asked = (await (await fetch(`${baseUrl}/requests`)).json()) as { body: { messages?: unknown } }[];
  expect(JSON.stringify(asked.at(-1)?.body.messages)).toContain("Begun here.");
});

test("a stop interrupts a long script, reports the cost, and leaves no process", async () => {
  const script = join(bench.dir, "long.sh");
  const file = join(bench.dir, "pid");
  writeFileSync(script, `#!/bin/bash\necho $$ > "${file}"\nwhile :; do sleep 0.1; done\n`, { mode: 0o755 });
  const handle = bench.start(claude([{ tool: "Bash", input: { command: script, description: "long" } }]));
  const pid = await numberIn(file);
  expect(isRunning(pid)).toBe(true);
  const end = await handle.stop("stopped", { graceMs: 60_000 });
  expect(end).toMatchObject({ cause: "stopped", result: { terminalReason: "aborted_tools" } });
  expect(end.costUsd).toBeGreaterThan(0);
  await exited(pid);
});

test("a rejected API key is recognized", async () => {
  const end = await bench.start(claude([{ error: { status: 401, message: "invalid x-api-key" } }])).done;
  const agentResult = classifyEnd(end, { provider: "claude", now: Date.now() });
  expect(end).toMatchObject({ code: 1, result: { isError: true, apiStatus: 401 } });
  expect(agentResult).toMatchObject({ ok: false, kind: "auth", message: expect.stringContaining("Invalid API key") });
});

test("an unknown session is recognized", async () => {
  const end = await bench.start(claude([{ text: "x" }], { resume: true })).done;
  const agentResult = classifyEnd(end, { provider: "claude", now: Date.now() });
  expect(agentResult).toMatchObject({ ok: false, kind: "startup", resumeFailed: true });
});
