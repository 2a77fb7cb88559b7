import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readSpent } from "@tac8/core/ledger/agentRuns";
import { budgetOfDay } from "@tac8/core/state/budget";
import { isAlive } from "./processes.ts";
import { createWorld, OWNER, poll, REPO, type App, type World } from "./world.ts";

let world: World;
let runner: App | null = null;
beforeAll(async () => {
  world = await createWorld();
  world.startApp("scheduler");
});
afterAll(() => world.close());

/** The runner that the test before has left, or a new one. */
function aRunner(): App {
  const isRunning = runner !== null && runner.child.exitCode === null && runner.child.signalCode === null;
  if (runner === null || !isRunning) runner = world.startApp("runner");
  return runner;
}

/** Work that is half committed when the agent reaches the gate. */
const halfWay = (gate: string) => [
  { write: "committed.txt", text: "1\n" },
  { commit: "feat: first half" },
  { write: "uncommitted.txt", text: "2\n" },
  world.gate(gate),
  { commit: "feat: second half" },
  { result: "Both halves." },
];

/** Resolve with the process id of the agent when it waits at the gate. */
async function atGate(number: number): Promise<number> {
  let pid = 0;
  await poll(120_000, async () => {
    const agent = (await world.agentStarts(number)).at(-1);
    pid = Number(agent?.["pid"]);
    const file = join(String(agent?.["cwd"]), "uncommitted.txt");
    return agent !== undefined && (await readFile(file, "utf8").catch(() => "")) === "2\n" ? null : "not at the gate";
  });
  return pid;
}

/** The session was resumed, no attempt was used, and there is one pull request with one comment. */
async function expectResumed(number: number): Promise<void> {
  const starts = await world.agentStarts(number);
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  const begun = (await world.history(number)).filter(({ to }) => to === "running");
  expect(begun.map(({ evidence }) => evidence["attempt"])).toEqual([1, 1]);
  expect(world.github.pulls(REPO).filter(({ head }) => head === `auto/gh-${number}`)).toHaveLength(1);
  expect(world.github.comments(REPO, number)).toHaveLength(1);
}

test("SIGKILL of a runner: its agents die with it; after a restart its jobs resume at once without a used attempt; a question that was just asked is posted, and no agent is paid to ask again", async () => {
  const { github } = world;
  const number = world.openIssue({ script: halfWay("after SIGKILL") });
  const asking = world.openIssue({
    script: {
      first: [{ write: "half.txt", text: "half\n" }, { ask: "Red or green?" }, { hang: true }],
      again: [{ write: "color.txt", text: "green\n" }, { commit: "feat: green" }, { result: "Done." }],
    },
  });
  // It must have the first slots: a runner looks for what dead ones have left in the slots that it takes.
  const first = aRunner();
  const pid = await atGate(number);
  const file = join(world.dataFolder, `workspaces/octo/widgets/trees/gh-${asking}/BLOCKED.md`);
  await poll(120_000, async () => ((await readFile(file, "utf8").catch(() => "")) === "" ? "not asked" : null));
  const pids = [pid, Number((await world.agentStarts(asking))[0]?.["pid"])];
  await first.stop("SIGKILL");
  await poll(120_000, async () => (pids.some(isAlive) ? "an agent is alive" : null));
  await world.openGate("after SIGKILL");
  const second = aRunner();
  // Far sooner than its lock ends: by the slot's note.
  await world.waitForState(number, "pr");
  await expectResumed(number);
  expect(await github.file(REPO, `auto/gh-${number}`, "uncommitted.txt")).toBe("2\n");
  const history = await world.history(number);
  const begun = history.findIndex(({ to }) => to === "running");
  const lost = { to: "note", reason: expect.stringMatching(/^the run on \S+ was lost: /) };
  expect(history.slice(begun + 1).find(({ to }) => to === "note" || to === "running")).toMatchObject(lost);

  await world.waitForState(asking, "blocked");
  expect(await world.agentStarts(asking)).toHaveLength(1);
  expect(github.comments(REPO, asking).filter(({ body }) => body.includes("> Red or green?"))).toHaveLength(1);
  const branch = `auto/gh-${asking}`;
  expect(await github.file(REPO, branch, "half.txt")).toBe("half\n");
  github.comment({ repo: REPO, number: asking, actor: OWNER, body: "Green." });
  await world.waitForState(asking, "pr");
  const starts = await world.agentStarts(asking);
  expect(starts).toMatchObject([{ resumed: false }, { resumed: true, session: starts[0]?.["session"] }]);
  expect(await github.file(REPO, branch, "color.txt")).toBe("green\n");
  expect(await github.file(REPO, branch, "BLOCKED.md")).toBeUndefined();
  expect(github.comments(REPO, asking)).toHaveLength(3);
  expect(second.log()).not.toContain("unexpected");
});

test("SIGTERM while an agent works: its work is saved, its job is requeued, and another runner resumes the session", async () => {
  const { github } = world;
  const number = world.openIssue({ script: halfWay("after SIGTERM") });
  const first = aRunner();
  const pid = await atGate(number);
  runner = world.startApp("runner");
  await runner.waitForLog("runner ready");
  expect(await first.stop("SIGTERM")).toBe(0);
  expect(isAlive(pid)).toBe(false);
  expect(first.log()).not.toContain("had no more time");
  // Saved before the runner ended: what was not committed too.
  expect(await github.file(REPO, `auto/gh-${number}`, "committed.txt")).toBe("1\n");
  expect(await github.file(REPO, `auto/gh-${number}`, "uncommitted.txt")).toBe("2\n");
  await world.openGate("after SIGTERM");
  await world.waitForState(number, "pr");
  await expectResumed(number);
});

test("SIGTERM just before an agent starts: no agent starts, and nothing keeps the runner from exiting", async () => {
  await runner?.stop();
  const [reached, bin] = [join(world.dir, "reached"), join(world.dir, "bin")];
  // With a shared home folder the last thing that a run does before its agent is to look for the repository's own words to it.
  const shared = join(world.dir, "shared.toml");
  const config = await readFile(world.configFile, "utf8");
  await writeFile(shared, config.replace('home = "private"', 'home = "shared"'));
  const waits = `touch '${reached}'; ${world.gate("before the agent").bash}`;
  await mkdir(bin);
  const git = `#!/bin/sh\nPATH='${process.env["PATH"] ?? ""}'\ncase "$*" in *worker_template.md*) ${waits} ;; esac\nexec git "$@"\n`;
  await writeFile(join(bin, "git"), git, { mode: 0o755 });
  const today = budgetOfDay({ maxUsd: 0, maxRuns: 0 }, Date.now());
  const begun = async () => (await readSpent(world.redis, today)).runs;
  const begunBefore = await begun();
  const number = world.openIssue({ script: [{ result: "Done." }] });
  const slow = world.startApp("runner", { PATH: `${bin}:${process.env["PATH"] ?? ""}`, TAC8_CONFIG: shared });
  await poll(120_000, async () => (existsSync(reached) ? null : "the run is not that far"));
  // Git is ended with its run, so the signal comes in a later wait: Redis has to count the agent.
  await world.redis.call("CLIENT", "PAUSE", "120000", "WRITE");
  await world.openGate("before the agent");
  await poll(60_000, async () => {
    const clients = String(await world.redis.call("CLIENT", "LIST"));
    // Behind a smaller write that waits too, its script is in the buffer.
    const waits = /name=tac8:runner .*flags=\S*b.* qbuf=(\d+).* cmd=(\w+)/;
    const isWaiting = clients.split("\n").some((line) => {
      const [, bytes, command] = waits.exec(line) ?? [];
      return command === "eval" || Number(bytes) > 500;
    });
    return isWaiting ? null : `the runner does not wait for Redis:\n${clients}`;
  });
  const ended = slow.stop("SIGTERM");
  await slow.waitForLog("closing");
  await world.redis.call("CLIENT", "UNPAUSE");
  expect(await ended).toBe(0);
  expect(slow.log()).not.toContain("some resources are still open");
  expect(await world.agentStarts(number)).toEqual([]);
  // An agent that starts and is ended at once has no time to note its start.
  expect(slow.log()).not.toContain("agent started");
  expect(await begun(), "a run that did not begin does not count").toBe(begunBefore);
  expect((await world.history(number)).at(-1)).toMatchObject({ from: "running", to: "queued" });
  expect(existsSync(join(world.dataFolder, "workspaces", REPO, "tmp", `gh-${number}`))).toBe(false);
});
