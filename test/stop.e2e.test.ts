import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isAlive } from "./processes.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type World } from "./world.ts";

let world: World;
afterEach(async () => {
  await world.close();
});

/** A step that lasts until the test makes the file. */
function gate(name: string): { bash: string } {
  return { bash: `until [ -e '${join(world.dir, name)}' ]; do sleep 0.05; done` };
}

const open = (name: string): Promise<void> => writeFile(join(world.dir, name), "");

/** Work that is half committed, half not, when it comes to the gate. */
const halfWay = () => [
  { write: "committed.txt", text: "1\n" },
  { commit: "feat: first half" },
  { write: "uncommitted.txt", text: "2\n" },
  gate("go"),
  { commit: "feat: second half" },
  { result: "Both halves." },
];

/** Resolves when the n-th agent stands at the gate. */
async function atGate(nth: number): Promise<number> {
  let pid = 0;
  await poll(60_000, async () => {
    const agent = (await world.agentStarts())[nth - 1];
    pid = Number(agent?.["pid"]);
    const file = join(String(agent?.["cwd"]), "uncommitted.txt");
    return agent !== undefined && (await readFile(file, "utf8").catch(() => "")) === "2\n" ? null : "not at the gate";
  });
  return pid;
}

async function attempts(number: number): Promise<unknown[]> {
  return (await world.history(number)).filter(({ to }) => to === "running").map(({ evidence }) => evidence["attempt"]);
}

test("SIGTERM in mid-agent: work saved, job handed back, another runner resumes the session", async () => {
  world = await createWorld();
  const { github } = world;
  const number = world.openIssue({ script: halfWay() });
  world.startApp("scheduler");
  const first = world.startApp("runner");
  const pid = await atGate(1);
  await world.startApp("runner").says("runner ready");
  expect(await first.stop("SIGTERM")).toBe(0);
  expect(isAlive(pid)).toBe(false);
  expect(first.log()).not.toContain("had no more time");
  // Saved before the runner ended: what was not committed too.
  expect(await github.file(REPO, "auto/gh-1", "committed.txt")).toBe("1\n");
  expect(await github.file(REPO, "auto/gh-1", "uncommitted.txt")).toBe("2\n");
  await open("go");
  await world.reaches(number, "pr");

  const starts = await world.agentStarts();
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  expect(await attempts(number)).toEqual([1, 1]);
  expect(github.pulls(REPO)).toHaveLength(1);
  expect(github.comments(REPO, number)).toHaveLength(1);
});

test("SIGTERM, and the other runner has a disk of its own: it goes on from the branch", async () => {
  world = await createWorld();
  const { github } = world;
  const number = world.openIssue({ script: halfWay() });
  world.startApp("scheduler");
  const first = world.startApp("runner");
  await atGate(1);
  await world.startApp("runner", { TAC8_HOME: join(world.dir, "other-home") }).says("runner ready");
  expect(await first.stop("SIGTERM")).toBe(0);
  await atGate(2);
  await open("go");
  await world.reaches(number, "pr");

  const starts = await world.agentStarts();
  expect(starts).toMatchObject([{ resumed: false }, { resumed: false }]);
  expect(starts[1]?.["session"]).not.toBe(starts[0]?.["session"]);
  expect(String(starts[1]?.["cwd"])).toContain("other-home");
  expect(await attempts(number)).toEqual([1, 1]);
  expect(github.pulls(REPO)).toMatchObject([{ head: "auto/gh-1" }]);
  expect(github.pushes.some(({ forced }) => forced)).toBe(false);
});

test("SIGTERM just before an agent starts: none does, and nothing is left that would keep the runner", async () => {
  world = await createWorld();
  const [reached, bin] = [join(world.dir, "reached"), join(world.dir, "bin")];
  // The last thing that a run does before its agent is to look for the repository's own words to it.
  const waits = `touch '${reached}'; until [ -e '${join(world.dir, "go")}' ]; do sleep 0.05; done`;
  await mkdir(bin);
  const git = `#!/bin/sh\nPATH='${process.env["PATH"] ?? ""}'\ncase "$*" in *worker_template.md*) ${waits} ;; esac\nexec git "$@"\n`;
  await writeFile(join(bin, "git"), git, { mode: 0o755 });
  const number = world.openIssue({ script: [{ result: "Done." }] });
  world.startApp("scheduler");
  const first = world.startApp("runner", { PATH: `${bin}:${process.env["PATH"] ?? ""}` });
  await poll(60_000, async () => (existsSync(reached) ? null : "the run is not that far"));
  const ended = first.stop("SIGTERM");
  await first.says("closing");
  await open("go");
  expect(await ended).toBe(0);
  expect(first.log()).not.toContain("something is open still");
  expect(await world.agentStarts()).toEqual([]);
  expect((await world.history(number)).at(-1)).toMatchObject({ from: "running", to: "queued" });
  expect(existsSync(join(world.home, "workspaces", REPO, "tmp", `gh-${number}`))).toBe(false);
});

test("SIGKILL of a runner: its agent dies with it; started again, it goes on at once and burns no attempt", async () => {
  world = await createWorld();
  const { github } = world;
  const number = world.openIssue({ script: halfWay() });
  world.startApp("scheduler");
  const first = world.startApp("runner");
  const pid = await atGate(1);
  await first.stop("SIGKILL");
  await poll(60_000, async () => (isAlive(pid) ? "the agent is alive" : null));
  await open("go");
  world.startApp("runner");
  // Far sooner than its lock ends: by the slot's note.
  await world.reaches(number, "pr", 100_000);

  const starts = await world.agentStarts();
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  expect(await attempts(number)).toEqual([1, 1]);
  expect(await github.file(REPO, "auto/gh-1", "uncommitted.txt")).toBe("2\n");
  expect(github.pulls(REPO)).toHaveLength(1);
  expect(github.comments(REPO, number)).toHaveLength(1);
});

test("SIGKILL of a runner whose agent has just asked: the question is put, the agent is not paid to ask again", async () => {
  world = await createWorld();
  const { github } = world;
  const number = world.openIssue({
    script: {
      first: [{ write: "half.txt", text: "half\n" }, { ask: "Red or green?" }, { hang: true }],
      again: [{ write: "color.txt", text: "green\n" }, { commit: "feat: green" }, { result: "Done." }],
    },
  });
  world.startApp("scheduler");
  const first = world.startApp("runner");
  const file = join(world.home, `workspaces/octo/widgets/trees/gh-${number}/BLOCKED.md`);
  await poll(60_000, async () => ((await readFile(file, "utf8").catch(() => "")) === "" ? "not asked" : null));
  await first.stop("SIGKILL");
  const second = world.startApp("runner");
  await world.reaches(number, "blocked");
  expect(await world.agentStarts()).toHaveLength(1);
  expect(github.comments(REPO, number).filter(({ body }) => body.includes("> Red or green?"))).toHaveLength(1);
  expect(await github.file(REPO, "auto/gh-1", "half.txt")).toBe("half\n");

  github.comment({ repo: REPO, number, actor: OWNER, body: "Green." });
  await world.reaches(number, "pr");
  const starts = await world.agentStarts();
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  expect(await github.file(REPO, "auto/gh-1", "color.txt")).toBe("green\n");
  expect(await github.file(REPO, "auto/gh-1", "BLOCKED.md")).toBeUndefined();
  expect(github.comments(REPO, number)).toHaveLength(3);
  expect(second.log()).not.toContain("unexpected");
});

test("stopped by a file STOP, by a command, and before it began: work kept; the label starts it again", async () => {
  world = await createWorld();
  const { github, store } = world;
  const byFile = world.openIssue({ script: halfWay() });
  const byCommand = world.openIssue({ script: halfWay() });
  world.startApp("scheduler");
  const runner = world.startApp("runner");
  const pids = [await atGate(1), await atGate(2)];
  const waiting = world.openIssue({ script: halfWay() });
  await poll(30_000, async () =>
    (await world.queue.getJob(world.jobId(waiting))) === undefined ? "not queued" : null,
  );
  await writeFile(join(world.home, `workspaces/octo/widgets/trees/gh-${byFile}/STOP`), "");
  await store.command(world.jobId(byCommand), { stop: "stopped by a test" });
  await store.command(world.jobId(waiting), { stop: "not today" });
  for (const number of [byFile, byCommand, waiting]) await world.reaches(number, "stopped");
  expect(pids.map(isAlive)).toEqual([false, false]);

  expect((await store.read(world.jobId(byFile))).reason).toBe("there was a file STOP in the workspace");
  expect((await store.read(world.jobId(byCommand))).reason).toBe("stopped by a test");
  for (const number of [byFile, byCommand]) {
    expect(await github.file(REPO, `auto/gh-${number}`, "uncommitted.txt")).toBe("2\n");
    expect(await github.file(REPO, `auto/gh-${number}`, "STOP")).toBeUndefined();
    expect(github.comments(REPO, number)[0]?.body).toContain("**Stopped** by a person.");
  }
  for (const number of [byFile, byCommand, waiting]) expect(github.issue(REPO, number).labels).toEqual([]);
  expect(github.pulls(REPO)).toEqual([]);
  expect(await world.agentStarts()).toHaveLength(2);

  await open("go");
  github.addLabel({ repo: REPO, number: byFile, actor: OWNER, label: LABEL });
  await world.enters(byFile, "pr", 1);
  expect(github.pulls(REPO)).toMatchObject([{ head: `auto/gh-${byFile}` }]);
  expect(runner.log()).not.toContain("unexpected");
});
