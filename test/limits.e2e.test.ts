import { existsSync } from "node:fs";
import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readEvents } from "@tac8/core/state/events";
import { isAlive } from "./processes.ts";
import { createWorld, poll, REPO, SCRIPTED, type World, type WorldOptions } from "./world.ts";

let world: World;
const pids: number[] = [];
afterEach(async () => {
  for (const pid of pids.splice(0)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  await world.close();
});

const FAST = { max_attempts: 2, backoff_factor: 0.0001, shutdown_grace_seconds: 2 };

async function begin(config: NonNullable<WorldOptions["config"]>): Promise<void> {
  world = await createWorld({ config: { ...config, coordinator: { ...FAST, ...config["coordinator"] } } });
  world.startApp("scheduler");
  world.startApp("runner");
}

/** The one comment about the failure, and everything else that a failed issue must show. */
async function failure(number: number): Promise<string> {
  await world.reaches(number, "failed");
  const { github } = world;
  const said = github.comments(REPO, number).filter(({ body }) => body.includes("ended without a pull request"));
  expect(said).toHaveLength(1);
  expect(github.comments(REPO, number)).toHaveLength(2);
  expect(github.issue(REPO, number).labels).toEqual(["rpi-failed"]);
  expect(github.pulls(REPO)).toEqual([]);
  return said[0]?.body ?? "";
}

async function startsOf(number: number): Promise<number[]> {
  const starts = await world.agentStarts();
  return starts.filter(({ cwd }) => String(cwd).endsWith(`gh-${number}`)).map(({ pid }) => Number(pid));
}

test("an agent that works for too long is stopped, tried again, and given up with the reason", async () => {
  await begin({ coordinator: { worker_timeout_hours: 0.0005 } });
  // Deaf to interrupts and to SIGTERM: only the end of the ladder is left.
  const number = world.openIssue({
    script: {
      first: [{ write: "half.txt", text: "1\n" }, { ignoreTerm: true }, { hang: "deaf" }],
      again: [{ hang: true }],
    },
  });
  const said = await failure(number);
  expect(said).toContain("timeout");
  expect(said).toContain("`worker_timeout_hours`");
  const agents = await startsOf(number);
  expect(agents).toHaveLength(2);
  expect(agents.some(isAlive)).toBe(false);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "half.txt")).toBe("1\n");
});

test("an agent that says nothing for too long is stopped, tried again, and given up with the reason", async () => {
  await begin({ coordinator: { stall_timeout_minutes: 0.1 } });
  const number = world.openIssue({ script: { first: [{ hang: true }], again: [{ hang: true }] } });
  const said = await failure(number);
  expect(said).toContain("stalled");
  expect(said).toContain("`stall_timeout_minutes`");
  expect(await startsOf(number)).toHaveLength(2);
});

test("daemons, 50 MB of output, no result: what agents do does not hurt", async () => {
  await begin({});
  const { github, dir } = world;
  const marked = join(dir, "marked.pid");
  const work = [{ append: "work.txt", text: "work\n" }, { commit: "feat: work" }, { result: "Worked." }];
  const daemons = world.openIssue({ script: [{ daemon: true, pidFile: marked }, ...work] });
  const loud = world.openIssue({ script: [{ output: 50_000_000 }, ...work] });
  const mute = world.openIssue({
    script: { first: [...work.slice(0, 2), { noResult: true }], again: [{ noResult: true }] },
  });
  await world.reaches(daemons, "pr");
  const daemon = Number(await readFile(marked, "utf8"));
  pids.push(daemon);
  expect(daemon).toBeGreaterThan(0);
  expect(isAlive(daemon)).toBe(false);

  await world.reaches(loud, "pr");
  expect(await github.file(REPO, `auto/gh-${loud}`, "work.txt")).toBe("work\n");
  const { agentRun } = await world.store.read(world.jobId(loud));
  expect((await stat(join(world.home, `logs/octo/widgets/gh-${loud}/${agentRun}.jsonl`))).size).toBeGreaterThan(50e6);
  expect(Number(await world.redis.call("MEMORY", "USAGE", `tac8:run:${agentRun}`))).toBeLessThan(100_000);

  await world.reaches(mute, "failed");
  const said = github.comments(REPO, mute).filter(({ body }) => body.includes("ended without a pull request"));
  expect(said).toHaveLength(1);
  expect(said[0]?.body).toContain("exit code 0");
  expect(said[0]?.body).toContain("without a result");
  expect(await startsOf(mute)).toHaveLength(2);
  // The failed one's work is on its branch, and in its workspace.
  expect(await github.file(REPO, `auto/gh-${mute}`, "work.txt")).toBe("work\n");
  expect(existsSync(join(world.home, `workspaces/octo/widgets/trees/gh-${mute}/work.txt`))).toBe(true);
});

test("any program by its command line: exit code, plain output, the same limits", async () => {
  await begin({
    llm: { provider: "command", command_template: [SCRIPTED, "--prompt-file", "{prompt_file}", "--model", "{model}"] },
  });
  const { github } = world;
  const work = [{ say: "Off we go." }, { write: "work.txt", text: "work\n" }, { result: "Worked by a program." }];
  const good = world.openIssue({ script: work });
  const bad = world.openIssue({ script: [{ say: "I cannot." }, { exit: 3 }] });
  await world.reaches(good, "pr");
  await world.reaches(bad, "failed");
  expect(await github.file(REPO, `auto/gh-${good}`, "work.txt")).toBe("work\n");
  expect(github.pulls(REPO)).toHaveLength(1);
  expect(github.pulls(REPO)[0]?.body).toContain("Worked by a program.");
  expect(github.pulls(REPO)[0]?.body).not.toContain("tokens");
  const said = github
    .comments(REPO, bad)
    .map(({ body }) => body)
    .join("\n");
  expect(said).toContain("exit code 3");
  expect(await startsOf(bad)).toHaveLength(2);
});

test("a usage limit: the whole queue is held until its reset, then each parked run resumes its own session", async () => {
  await begin({ coordinator: { max_attempts: 1 } });
  const { github, redis, store } = world;
  const gate = (name: string) => `until [ -e '${join(world.dir, name)}' ]; do sleep 0.05; done`;
  const limited = (name: string) =>
    world.openIssue({
      script: {
        first: [{ write: "half.txt", text: `${name}\n` }, { bash: gate(name) }, { usageLimit: { resetsIn: 30 } }],
        again: [{ append: "half.txt", text: "whole\n" }, { commit: "feat: whole" }, { result: "Worked." }],
      },
    });
  const [first, second] = [limited("one"), limited("two")];
  await poll(180_000, async () => ((await world.agentStarts()).length === 2 ? null : "no two agents at work"));
  const waiting = world.openIssue({ script: [{ write: "new.txt", text: "new\n" }, { result: "Worked." }] });
  await world.reaches(waiting, "queued");

  // Both before the first one's reset, however slow the machine is.
  for (const name of ["one", "two"]) await writeFile(join(world.dir, name), "");
  for (const number of [first, second]) await world.enters(number, "parked", 1);
  const sessions = new Map<number, string | null>();
  for (const number of [first, second]) sessions.set(number, (await store.read(world.jobId(number))).session);
  for (const number of [first, second, waiting]) await world.reaches(number, "pr");

  const events = await readEvents(redis, { count: 1000 });
  const hold = events.find(({ to }) => to === "hold");
  const unhold = events.findIndex(({ to }) => to === "unhold");
  expect(hold?.evidence).toMatchObject({ name: "usage-limit" });
  expect(hold?.reason).toContain("usage limit");
  // In between nobody began, whatever slots were free: neither the new one, nor the parked ones.
  const between = events.slice(hold === undefined ? 0 : events.indexOf(hold), unhold);
  expect(between.filter(({ to }) => to === "running")).toEqual([]);

  const starts = await world.agentStarts();
  expect(starts).toHaveLength(5);
  for (const number of [first, second]) {
    const session = sessions.get(number);
    const own = starts.filter(({ cwd }) => String(cwd).endsWith(`gh-${number}`));
    expect(own).toMatchObject([
      { resumed: false, session },
      { resumed: true, session },
    ]);
    const history = await world.history(number);
    const begun = history.filter(({ to }) => to === "running");
    expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
    expect(history.filter(({ to }) => to === "parked")).toMatchObject([{ evidence: { failure: "usage-limit" } }]);
    expect(await github.file(REPO, `auto/gh-${number}`, "half.txt")).toMatch(/^(one|two)\nwhole\n$/);
    expect(github.comments(REPO, number)).toHaveLength(1);
  }
  expect(new Set(sessions.values()).size).toBe(2);
  expect(
    github
      .pulls(REPO)
      .map(({ head }) => head)
      .toSorted(),
  ).toEqual([first, second, waiting].map((number) => `auto/gh-${number}`).toSorted());
});
