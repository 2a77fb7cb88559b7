import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { findProgram } from "@tac8/core/app/findProgram";
import { ATTACKS } from "./attacks/attacks.ts";
import { openScene, type Case, type Scene } from "./attacks/scene.ts";
import { findSecret } from "./canary.ts";
import { agentProcesses, childrenOf, isAlive, pids } from "./processes.ts";
import { isReadableBy, ROOT } from "./programs.ts";
import { createWorld, poll, REPO, type World } from "./world.ts";

const DOC = "docs/security.md";
const ORDINARY = 65_534;
const isRoot = process.getuid?.() === 0;
const bwrap = findProgram("bwrap", { path: process.env["PATH"] ?? "", cwd: "/" });

/** As few as an agent needs. */
const MAX_PROCESSES = 60;

let scene: Scene | undefined;
let world: World | undefined;
afterEach(async () => {
  await scene?.close();
  await world?.close();
  [scene, world] = [undefined, undefined];
});

/** Why a case cannot be tried here; null: it can. */
function obstacle({ isolation, uid }: Case): string | null {
  if (isolation === "sandbox" && bwrap === null) return "bubblewrap is not installed";
  if (isolation === "user" && !isRoot) return "only root can start the launcher";
  if (isolation === "user" && !isReadableBy(ORDINARY)) return "other users cannot read the folder that tac8 is in";
  if (uid === ORDINARY && !isRoot) return "only root can start a runner as another user";
  if (uid === ORDINARY && !isReadableBy(uid)) return "other users cannot read the folder that tac8 is in";
  return null;
}

/** Null: the process ended. */
function uidOf(pid: number): number | null {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? null;
}

function isControlled(output = ""): boolean {
  return output.split("\n").includes("CONTROL");
}

/** Cells of one column of the table, by the attack's name. */
function documented(column: string): Map<string, string> {
  const rows = readFileSync(join(ROOT, DOC), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const head = rows.findIndex((cells) => cells[0] === "attack");
  const at = rows[head]?.indexOf(column) ?? -1;
  const end = rows.findIndex((cells, index) => index > head + 1 && cells.length !== rows[head]?.length);
  return new Map(rows.slice(head + 2, end < 0 ? undefined : end).map((cells) => [cells[0] ?? "", cells[at] ?? ""]));
}

/** `script/attacks-check.sh` sets it in its container, where the mode has a column of its own. */
const columnOf = (name: string) => (name === "user" ? (process.env["TAC8_ATTACKS_COLUMN"] ?? name) : name);

const user = isRoot ? ORDINARY : undefined;
const CASES: (readonly [string, Case])[] = [
  ...(["none", "sandbox"] as const).flatMap((isolation) => [
    ...(isRoot ? [[`${isolation}, root`, { isolation, uid: undefined }] as const] : []),
    [`${isolation}, user`, { isolation, uid: user }] as const,
  ]),
  // The runner is tac8's user there, and the launcher is root.
  ["user", { isolation: "user", uid: undefined }],
];

test.each(CASES)("attacks by a hostile agent: %s, with the results of the table", async (column, one) => {
  const why = obstacle(one);
  if (why !== null) return void process.stdout.write(`attacks: ${column}: not tried, because ${why}\n`);
  scene = await openScene(one);
  const { isolation } = one;
  const tried = ATTACKS.filter(
    ({ sandboxOnly = false, userOnly = false }) =>
      (isolation === "sandbox" || !sandboxOnly) && (isolation === "user" || !userOnly),
  );
  const results = await scene.attack(tried);
  if (process.env["TAC8_ATTACKS"] !== undefined)
    for (const [name, { reached, output }] of results)
      process.stdout.write(`### ${column}: ${name}: ${reached ? "REACHED" : "stopped"}\n${output.slice(0, 600)}\n`);
  // They did try.
  expect(
    [...results].filter(([, { code }]) => !/^(?:\d|\d\d)$/.test(code) && code !== "127").map(([name]) => name),
  ).toEqual([]);
  const uncontrolled = tried.filter(
    ({ name, userOnly = false }) => userOnly && !isControlled(results.get(name)?.output),
  );
  expect(uncontrolled.map(({ name }) => name)).toEqual([]);
  const cells = documented(columnOf(column));
  const found = ATTACKS.map(({ name, unlessIsolated, unlessSandboxed }) => {
    const result = results.get(name);
    if (result === undefined) return [name, "not tried"];
    const other = isolation === "none" ? (unlessIsolated ?? unlessSandboxed) : unlessSandboxed;
    if (isolation !== "sandbox" && other !== undefined) return [name, `depends on ${other}`];
    return [name, result.reached ? "reached" : "stopped"];
  });
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(cells));

  // The model's API got the real key, so there was one to find.
  expect([...scene.keysReceived]).toContain(scene.secrets.modelKey);
  // The agent's own git did start the planted program.
  expect(readFileSync(join(scene.out, "planted-own"), "utf8")).toMatch(/^ran$/m);
  if (isolation === "none") return undefined;
  const { world, apps, secrets } = scene;
  const { github } = world;
  const comments = [...github.issues(REPO), ...github.pulls(REPO)].map(({ number }) => github.comments(REPO, number));
  const texts = {
    ...Object.fromEntries(apps.map((app) => [app.name, app.log()])),
    GitHub: JSON.stringify([github.issues(REPO), github.pulls(REPO), github.branches(REPO), comments]),
  };
  const hits = await Promise.all(
    Object.values(secrets).map((secret) => findSecret({ dir: world.dir, redis: world.redis, texts }, secret)),
  );
  process.stdout.write(`attacks: ${column}: ${hits.flat().length} places have one of ${hits.length} secrets\n`);
  expect(hits.flat()).toEqual([]);
  return undefined;
});

test.each(["none", "sandbox", "user"] as const)(
  "SIGKILL of guard and runner at once: no second agent runs beside the first one (%s)",
  async (isolation) => {
    const why = obstacle({ isolation, uid: undefined });
    if (why !== null) return void process.stdout.write(`attacks: ${isolation}: not tried, because ${why}\n`);
    scene = await openScene({ isolation, uid: undefined });
    const { world, runner, runnerPid, out } = scene;
    const agents = () =>
      agentProcesses(world.dir).filter(({ command }) => /^\S+ \S*scripted-claude\.js /.test(command));
    const starts = () => readFileSync(join(out, "witness.jsonl"), "utf8").trim().split("\n").length;
    const number = world.openIssue({
      script: [{ write: "a.txt", text: "a\n" }, scene.gate("end"), { result: "Done." }],
    });
    await poll(120_000, async () => (agents().length === 1 ? null : "no agent"));
    const [first] = agents();
    const guard = childrenOf([runnerPid]).find(({ command }) => command.startsWith("tac8 guard"));
    expect(guard).toBeDefined();
    process.kill(guard?.pid ?? 0, "SIGKILL");
    await runner.stop("SIGKILL");
    scene.startRunner();
    let most = 0;
    await poll(120_000, async () => {
      const now = agents();
      most = Math.max(most, now.length);
      return now.some(({ pid }) => pid !== first?.pid) ? null : "no second agent";
    });
    expect(isAlive(first?.pid ?? 0)).toBe(false);
    expect(most).toBe(1);
    scene.open("end");
    await world.waitForState(number, "pr");
    expect(starts()).toBeGreaterThanOrEqual(2);
    return undefined;
  },
);

test("more processes than a run may have end only that run: user", async () => {
  const why = obstacle({ isolation: "user", uid: undefined });
  if (why !== null) return void process.stdout.write(`attacks: user: not tried, because ${why}\n`);
  world = await createWorld({ isolation: "user", config: { host: { max_processes_per_run: MAX_PROCESSES } } });
  // By itself it ends with 300: whatever is broken in what is tested, the machine has room for these.
  const many = { bash: "for i in $(seq 300); do sleep 3600 & done; wait" };
  const done = [{ write: "a.txt", text: "a\n" }, { commit: "feat: a" }, { result: "Done." }];
  const beside = world.openIssue({ script: [world.gate("beside"), ...done] });
  const number = world.openIssue({ script: { first: [many, { result: "never" }], again: done } });
  const tree = join(world.dataFolder, "workspaces", REPO, "trees", `gh-${number}`);
  let most = 0;
  const timer = setInterval(() => {
    const uid = statSync(tree, { throwIfNoEntry: false })?.uid;
    const tasks = pids().filter((pid) => uid !== undefined && uidOf(pid) === uid);
    most = Math.max(most, tasks.length);
  }, 50);
  try {
    world.startApp("scheduler");
    world.startApp("runner");
    await world.waitForNthState(number, "retrying", 1);
  } finally {
    clearInterval(timer);
  }
  const failed = (await world.history(number)).filter(({ to }) => to === "retrying");
  expect(failed).toMatchObject([{ evidence: { failure: "process-limit" } }]);
  process.stdout.write(`attacks: user: at most ${most} processes at once, with a limit of ${MAX_PROCESSES}\n`);
  // The kernel's own limit has room above that of tac8.
  expect(most).toBeGreaterThan(MAX_PROCESSES / 2);
  expect(most).toBeLessThanOrEqual(MAX_PROCESSES + 64);
  await world.waitForState(number, "pr");
  await world.openGate("beside");
  await world.waitForState(beside, "pr");
  expect(await world.agentStarts(), "one run was tried again, and none was lost").toHaveLength(3);
  return undefined;
});

test("the table has a result of every attack in each mode, and in a container", () => {
  for (const column of ["none, root", "none, user", "sandbox, root", "sandbox, user", "user", "user, Docker"]) {
    const cells = documented(column);
    expect([...cells.keys()]).toEqual(ATTACKS.map(({ name }) => name));
    for (const cell of cells.values()) expect(cell).toMatch(/^(?:reached|stopped|not tried|depends on .+)$/);
  }
});

test("every attack works without isolation, as root or as a user", () => {
  const columns = ["none, root", "none, user"].map(documented);
  const never = ATTACKS.filter((one) => {
    const { name, sandboxOnly = false, userOnly = false, stoppedAnyway = false } = one;
    const isCompared = one.unlessIsolated === undefined && one.unlessSandboxed === undefined;
    const isTried = !sandboxOnly && !userOnly && !stoppedAnyway && isCompared;
    return isTried && columns.every((cells) => cells.get(name) !== "reached");
  });
  expect(never.map(({ name }) => name)).toEqual([]);
});
