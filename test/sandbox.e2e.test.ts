import { once } from "node:events";
import { createServer } from "node:http";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findProgram } from "@tac8/core/app/findProgram";
import { readSpent } from "@tac8/core/ledger/agentRuns";
import { budgetOfDay } from "@tac8/core/state/budget";
import { launch } from "./launch.ts";
import { isReadableBy, programOf } from "./programs.ts";
import { environmentOf, tac8 } from "./tac8.ts";
import { createWorld, REPO, type World } from "./world.ts";

const missing = findProgram("bwrap", { path: process.env["PATH"] ?? "", cwd: "/" }) === null;
const NAME = missing ? " (skipped: bwrap is missing)" : "";

const ORDINARY = 65_534;

let world: World;
beforeEach(async () => {
  world = await createWorld({ config: { agent: { isolation: "sandbox" }, host: { max_processes_per_run: 200 } } });
  world.startApp("scheduler");
});
afterEach(() => world.close());

test.skipIf(missing)(`an agent in a sandbox does its issue's work, and reaches a pull request${NAME}`, async () => {
  const number = world.openIssue({ script: [{ bash: "id -u > a.txt" }, { commit: "a" }, { result: "Done." }] });
  const runner = world.startApp("runner");
  await runner.waitForLog("agents run in a sandbox");
  await world.waitForState(number, "pr");
  const uid = process.getuid?.() ?? 0;
  expect(await world.github.file(REPO, `auto/gh-${number}`, "a.txt")).toBe(`${uid === 0 ? 1000 : uid}\n`);
});

test.skipIf(missing)(
  `a new issue starts one helper, after its agent, and an existing workspace one before it too${NAME}`,
  async () => {
    // Agents can write to the folder of the world.
    const bin = join(dirname(world.dir), "bin");
    const starts = join(bin, "starts");
    await mkdir(bin);
    const record = `#!/bin/sh\nprintf '%s\\n' "$*" >>${starts}\nPATH=\${PATH#*:} exec bwrap "$@"\n`;
    await writeFile(join(bin, "bwrap"), record, { mode: 0o755 });
    world.startApp("runner", { PATH: `${bin}:${process.env["PATH"]}` });
    const done = [{ bash: "echo a > a.txt" }, { commit: "a" }, { result: "Done." }];
    const number = world.openIssue({
      script: { first: [{ write: "b.txt", text: "b\n" }, { crash: true }], again: done },
    });
    await world.waitForState(number, "pr");
    const commands = (await readFile(starts, "utf8")).split("\n").map((line) => line.split(" -- ")[1] ?? "");
    const names = commands.flatMap((command) => /place-helper|forwarder/.exec(command)?.[0] ?? []);
    expect(names).toEqual(["forwarder", "place-helper", "place-helper", "forwarder", "place-helper"]);
  },
);

test.skipIf(missing)(`entries that it does not see are named at the start, and by doctor${NAME}`, async () => {
  const read = [world.dataFolder, "/srv/tac8-test-missing"];
  await world.configure({ agent: { isolation: "sandbox", read, write: ["/root"] } });
  const lines = [
    `agent.read: agents cannot see ${world.dataFolder}, because it contains or is inside ${world.dataFolder}, which agents must not see`,
    "agent.read: agents cannot see /srv/tac8-test-missing, because it does not exist, or cannot be read",
    "agent.write: agents cannot see /root, because it is or contains the home folder /root",
  ];
  const runner = world.startApp("runner");
  await runner.waitForLog("runner ready");
  for (const line of lines) expect(runner.log()).toContain(line);
  const doctor = tac8(world, "doctor");
  await doctor.ended;
  for (const line of lines) expect(doctor.stdout().replaceAll(/\s+/g, " ")).toContain(line);
});

test.skipIf(missing)(`a folder of programs that agents could replace is read-only, and named${NAME}`, async () => {
  const tools = join(world.base, "tools");
  await mkdir(join(tools, "bin"), { recursive: true });
  // Its agent's program writes to the witness.
  await world.configure({ agent: { isolation: "sandbox", write: [dirname(world.witness), tools] } });
  const env = { PATH: `${process.env["PATH"]}:${join(tools, "bin")}` };
  const line = `agent.write: ${tools} is read-only, because it is or holds ${tools}/bin: with write access, agents could replace programs that tac8 starts`;
  const write = `touch ${tools}/bin/git && echo written > a.txt || echo refused > a.txt`;
  const number = world.openIssue({ script: [{ bash: write }, { commit: "a" }, { result: "Done." }] });
  const runner = world.startApp("runner", env);
  await world.waitForState(number, "pr");
  expect(runner.log()).toContain(line);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "a.txt")).toBe("refused\n");
  const doctor = launch(programOf("cli"), { args: ["doctor"], env: { ...environmentOf(world), ...env } });
  await doctor.ended;
  expect(doctor.stdout().replaceAll(/\s+/g, " ")).toContain(line);
});

test.skipIf(missing)(`its program finds the settings of a sandbox in its home folder${NAME}`, async () => {
  const number = world.openIssue({
    script: [{ bash: "cp ~/.claude/settings.json a.txt" }, { commit: "a" }, { result: "Done." }],
  });
  world.startApp("runner");
  await world.waitForState(number, "pr");
  const settings: unknown = JSON.parse((await world.github.file(REPO, `auto/gh-${number}`, "a.txt")) ?? "");
  expect(settings).toEqual({ skipWebFetchPreflight: true });
});

test.skipIf(missing)(`one that starts too many processes is ended with all of them${NAME}`, async () => {
  // 512 at most.
  const many = "env -i /usr/bin/perl -e 'fork for 1..9; sleep 600'";
  const again = [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }];
  const number = world.openIssue({ script: { first: [{ bash: many }, { result: "never" }], again } });
  world.startApp("runner");
  await world.waitForState(number, "pr");
  const failed = (await world.history(number)).filter(({ to }) => to === "retrying");
  expect(failed).toMatchObject([{ evidence: { failure: "process-limit" } }]);
});

test.skipIf(missing)(`one that hides a process from the memory watch is ended for its memory${NAME}`, async () => {
  const config = { agent: { isolation: "sandbox" }, host: { max_memory_mb_per_run: 400 } };
  await world.close();
  const uid = process.getuid?.() === 0 && isReadableBy(ORDINARY) ? ORDINARY : undefined;
  // An ordinary user's run has no control group by which its processes would be found.
  world = await createWorld({
    config: { ...config, coordinator: { max_attempts: 1 } },
    ...(uid === undefined ? {} : { uid }),
  });
  world.startApp("scheduler");
  const hidden = `setsid -f env -i /usr/bin/perl -e '$x = "a" x 700_000_000; sleep 600'; sleep 600`;
  const number = world.openIssue({ script: [{ bash: hidden }, { result: "never" }] });
  world.startApp("runner");
  await world.waitForState(number, "failed");
  const { failure, reason } = (await world.store.read(world.jobId(number))).end;
  expect({ failure, reason }).toMatchObject({ failure: "out-of-memory", reason: expect.stringContaining("400 MB") });
});

test("an agent that is killed in a sandbox ends by that signal, as it does without a sandbox", async () => {
  await world.configure({ agent: { isolation: "sandbox" }, coordinator: { max_attempts: 1 } });
  const number = world.openIssue({ script: [{ say: "Off I go." }, { crash: true }] });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.waitForState(number, "failed");
  expect((await world.store.read(world.jobId(number))).end.reason).toContain("SIGKILL");
});

test.skipIf(missing)(
  `what an agent has used of the model counts, also if it hides it or is killed${NAME}`,
  async () => {
    const usage = { input_tokens: 1000, output_tokens: 100 };
    const api = createServer((request, response) => {
      request.resume();
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ type: "message", model: "claude-sonnet-4-5-20250929", usage }));
    }).listen(0, "127.0.0.1");
    await once(api, "listening");
    const price = { name: '"claude-sonnet-4-5"', cost_per_million_input: 1000, cost_per_million_output: 10_000 };
    const lines = Object.entries(price).map(([name, value]) => `${name} = ${value}\n`);
    await appendFile(world.configFile, `\n[[models]]\n${lines.join("")}`);
    world.startApp("runner", {
      ANTHROPIC_API_KEY: "sk-ant-api03-the-real-key-of-the-owner",
      ANTHROPIC_BASE_URL: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
    });
    try {
      // 2 dollars an answer.
      const ask = { bash: `curl -sS -f -d '{}' -H "x-api-key: $ANTHROPIC_API_KEY" "$ANTHROPIC_BASE_URL/v1/messages"` };
      const nothing = { usage: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, costUSD: -5 } };
      const hidden = world.openIssue({ script: [ask, nothing, { write: "a.txt", text: "a\n" }, { result: "Done." }] });
      await world.waitForState(hidden, "pr");
      const killed = world.openIssue({ script: { first: [ask, ask, { crash: true }], again: [{ hang: true }] } });
      await world.waitForNthState(killed, "retrying", 1);
      const [ofHidden, ofKilled] = await Promise.all([hidden, killed].map((n) => world.store.read(world.jobId(n))));
      expect(ofHidden?.agent.usage).toMatchObject({ inputTokens: 1000, outputTokens: 100, costUsd: 2 });
      expect(ofKilled?.agent.usage).toMatchObject({ inputTokens: 2000, outputTokens: 200, costUsd: 4 });
      const budget = budgetOfDay({ maxUsd: 0, maxRuns: 0 }, Date.now());
      expect((await readSpent(world.redis, budget)).usd).toBeCloseTo(6, 5);
    } finally {
      api.close();
    }
  },
);
