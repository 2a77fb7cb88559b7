import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readRunners } from "@tac8/core/state/presence";
import { programOf } from "../programs.ts";
import { createWorld, poll, type World } from "../world.ts";

let world: World;
let command: ChildProcess | null = null;
afterEach(async () => {
  command?.kill("SIGKILL");
  await world.close();
});

interface Viewing {
  /** Waits until it has shown this. */
  shows(pattern: RegExp): Promise<void>;
  readonly ended: Promise<unknown[]>;
  text(): string;
}

function tac8(...args: string[]): Viewing {
  const env = {
    PATH: process.env["PATH"] ?? "",
    TAC8_CONFIG: world.configFile,
    TAC8_HOME: world.dataFolder,
    REDIS_URL: world.redisServer.url,
  };
  const child = spawn(process.execPath, [programOf("cli"), ...args], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  command = child;
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  return {
    shows: (pattern) => poll(120_000, async () => (pattern.test(text) ? null : `it has not shown ${String(pattern)}`)),
    ended: once(child, "close"),
    text: () => text,
  };
}

test("tac8 view follows a live run, and shows a finished one", async () => {
  world = await createWorld();
  const gate = join(world.dir, "go");
  const usage = { inputTokens: 1000, outputTokens: 200, costUSD: 0.5 };
  const number = world.openIssue({
    title: "Say hello",
    script: [
      { usage },
      { say: "I read the code." },
      { bash: `until [ -e '${gate}' ]; do sleep 0.05; done; seq 1 100` },
      { write: "hello.txt", text: "hello\n" },
      { commit: "feat: say hello" },
      { result: "Said hello." },
    ],
  });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.waitForState(number, "running");
  const began = async () => (await world.store.read(world.jobId(number))).agent.runCount > 0;
  await poll(120_000, async () => ((await began()) ? null : "no agent has begun"));

  const follow = tac8("view", String(number), "--follow");
  await follow.shows(/I read the code\.\n[^]*▸ Bash {2}until/);
  expect(follow.text()).toMatch(/^octo\/widgets#1 {2}Say hello\nrun 1 of 1 on \S+ · started [^·]+ · issue: running\n/);
  // What the runner reports on the run counts the answers that are there.
  await poll(120_000, async () => {
    const [run] = (await readRunners(world.redis)).flatMap(({ runs }) => runs ?? []);
    return (run?.tokens ?? 0) > 0 && run?.last?.text.startsWith("Bash: until") ? null : "the run is not reported yet";
  });
  await writeFile(gate, "");
  expect(await follow.ended).toEqual([0, null]);
  expect(follow.text()).toMatch(/▸ Write {2}hello\.txt\n/);
  expect(follow.text()).toMatch(/ {2}1\n +2\n +3\n +4\n +… 96 more lines\n/);
  expect(follow.text()).toMatch(/■ done · \d+ turns? · 1,200 tokens · \$0\.50\n/);
  expect(follow.text()).toContain("tokens: 1,000 in, 200 out, 0 from cache, 0 to cache");

  const whole = tac8("view", String(number), "--detailed");
  expect(await whole.ended).toEqual([0, null]);
  expect(whole.text()).toMatch(/ 50\n/);
  expect(whole.text()).toContain("+ hello");
  expect(whole.text()).toMatch(/issue: pr · \S+ · PR #2/);
});
