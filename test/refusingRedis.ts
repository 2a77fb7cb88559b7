import { expect } from "vitest";
import { isAlive } from "./processes.ts";
import { poll, REPO, type App, type World } from "./world.ts";

/** Ways in which Redis refuses writes, each with its error and the change that causes it. */
export const REFUSALS = [
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
/** Maximum number of log lines of each app: one line every 30 s from each source, and single lines of steps. */
export const MAX_LOG_LINES = 60;

type Command = readonly [string, ...string[]];

export const send = (world: World, [command, ...args]: Command) => world.redis.call(command, ...args);

export function complaints(app: App, words: string): number {
  return app
    .log()
    .split("\n")
    .filter((line) => line.includes(words)).length;
}

/** Wait for an agent at its gate. @returns its process id */
export async function atWork(world: World): Promise<number> {
  let pid = 0;
  await poll(180_000, async () => {
    pid = Number((await world.agentStarts())[0]?.["pid"] ?? 0);
    return pid > 0 ? null : "no agent at work";
  });
  return pid;
}

/** Let Redis refuse writes when an agent ends; expect that its work is published once, as soon as Redis accepts writes. */
export async function refuseAtEnd(
  world: World,
  { begin, end, words }: { readonly begin: Command; readonly end: Command; readonly words: string },
): Promise<void> {
  const number = world.openIssue({
    script: [world.gate("go"), { write: "work.txt", text: "1\n" }, { commit: "feat: work" }, { result: "Done." }],
  });
  const scheduler = world.startApp("scheduler");
  const runner = world.startApp("runner");
  const pid = await atWork(world);
  await send(world, begin);
  await world.openGate("go");
  await poll(120_000, async () => (isAlive(pid) ? "the agent is at work" : null));
  // The run has results to write by now.
  const refused = new RegExp(`"issue":"octo.widgets.${number}".*${words}`);
  await poll(120_000, async () => (refused.test(runner.log()) ? null : "no write of the run was refused"));
  await scheduler.waitForLog(words);
  await send(world, end);
  const late = world.openIssue({ script: [{ write: "late.txt", text: "1\n" }, { result: "Done." }] });
  for (const each of [number, late]) await world.waitForState(each, "pr");

  expect(await world.agentStarts()).toHaveLength(2);
  for (const each of [number, late]) {
    expect(world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${each}`)).toHaveLength(1);
    expect(world.github.comments(REPO, each)).toHaveLength(1);
    expect((await world.history(each)).filter(({ to }) => to === "running")).toHaveLength(1);
  }
  expect(await world.github.file(REPO, `auto/gh-${number}`, "work.txt")).toBe("1\n");
  for (const app of [scheduler, runner]) expect(complaints(app, words)).toBeLessThan(MAX_LOG_LINES);
}
