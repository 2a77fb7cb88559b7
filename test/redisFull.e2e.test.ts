import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isAlive } from "./processes.ts";
import { createWorld, poll, REPO, type App, type World } from "./world.ts";

/** What a Redis says that takes no writes, and how it comes to that. */
const REFUSALS = [
  {
    what: "out of memory",
    begin: ["CONFIG", "SET", "maxmemory", "1mb"],
    end: ["CONFIG", "SET", "maxmemory", "0"],
    words: "OOM",
  },
  { what: "read-only", begin: ["REPLICAOF", "127.0.0.1", "1"], end: ["REPLICAOF", "NO", "ONE"], words: "READONLY" },
  {
    what: "without the replica that it must have",
    begin: ["CONFIG", "SET", "min-replicas-to-write", "1"],
    end: ["CONFIG", "SET", "min-replicas-to-write", "0"],
    words: "NOREPLICAS",
  },
] as const;
/** Of each app: a line at most every 30 s from each source, and what a step says once. */
const MOST_LINES = 60;

let world: World;
afterEach(() => world.close());

const tell = ([command, ...args]: readonly [string, ...string[]]) => world.redis.call(command, ...args);

function complaints(app: App, words: string): number {
  return app
    .log()
    .split("\n")
    .filter((line) => line.includes(words)).length;
}

/** An agent at its gate. @returns its process. */
async function atWork(): Promise<number> {
  let pid = 0;
  await poll(180_000, async () => {
    pid = Number((await world.agentStarts())[0]?.["pid"] ?? 0);
    return pid > 0 ? null : "no agent at work";
  });
  return pid;
}

test.each(REFUSALS)(
  "a Redis that is $what when an agent ends: its work is published once, as soon as there is room",
  async ({ begin, end, words }) => {
    world = await createWorld({ config: { coordinator: { max_attempts: 1 } } });
    const gate = `until [ -e '${join(world.dir, "go")}' ]; do sleep 0.05; done`;
    const number = world.openIssue({
      script: [{ bash: gate }, { write: "work.txt", text: "1\n" }, { commit: "feat: work" }, { result: "Done." }],
    });
    const scheduler = world.startApp("scheduler");
    const runner = world.startApp("runner");
    const pid = await atWork();
    await tell(begin);
    await writeFile(join(world.dir, "go"), "");
    await poll(60_000, async () => (isAlive(pid) ? "the agent is at work" : null));
    // The run has something to write down by now.
    const refused = new RegExp(`"issue":"octo.widgets.${number}".*${words}`);
    await poll(60_000, async () => (refused.test(runner.log()) ? null : "no write of the run was refused"));
    await scheduler.says(words);
    await tell(end);
    const late = world.openIssue({ script: [{ write: "late.txt", text: "1\n" }, { result: "Done." }] });
    for (const each of [number, late]) await world.reaches(each, "pr");

    expect(await world.agentStarts()).toHaveLength(2);
    for (const each of [number, late]) {
      expect(world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${each}`)).toHaveLength(1);
      expect(world.github.comments(REPO, each)).toHaveLength(1);
      expect((await world.history(each)).filter(({ to }) => to === "running")).toHaveLength(1);
    }
    expect(await world.github.file(REPO, `auto/gh-${number}`, "work.txt")).toBe("1\n");
    for (const app of [scheduler, runner]) expect(complaints(app, words)).toBeLessThan(MOST_LINES);
  },
);

test("a Redis that is out of memory for longer than a lock: the agent is dead before it ends, and the next goes on", async () => {
  world = await createWorld({ config: { coordinator: { max_attempts: 1, lock_seconds: 4 } } });
  const [{ begin, end, words }] = REFUSALS;
  const gate = `until [ -e '${join(world.dir, "go")}' ]; do sleep 0.05; done`;
  const number = world.openIssue({
    script: [{ write: "work.txt", text: "1\n" }, { bash: gate }, { commit: "feat: work" }, { result: "Done." }],
  });
  const apps = [world.startApp("scheduler"), world.startApp("runner")];
  const pid = await atWork();
  await tell(begin);
  await apps[1]?.says("the job's lock could not be renewed in time");
  await poll(60_000, async () => (isAlive(pid) ? "the agent is alive" : null));
  await writeFile(join(world.dir, "go"), "");
  await tell(end);
  await world.reaches(number, "pr");
  const starts = await world.agentStarts();
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  const begun = (await world.history(number)).filter(({ to }) => to === "running");
  expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
  expect(world.github.pulls(REPO)).toHaveLength(1);
  expect(world.github.comments(REPO, number)).toHaveLength(1);
  expect(await world.github.file(REPO, `auto/gh-${number}`, "work.txt")).toBe("1\n");
  for (const app of apps) expect(complaints(app, words)).toBeLessThan(MOST_LINES);
});
