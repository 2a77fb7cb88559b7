import { execa } from "execa";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isEnded } from "@tac8/core/domain/states";
import { readHolds } from "@tac8/core/state/holds";
import { expectOnce, pullsOf, statusComments } from "./once.ts";
import { processesUsing } from "./processes.ts";
import { outputOf, tac8 } from "./tac8.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type World } from "./world.ts";

const ALLOW = "rpi-allow";
const WORKFLOW = ".github/workflows/ci.yml";

let world: World;
let apps: App[] = [];
beforeAll(async () => {
  world = await createWorld({ config: withBackoff(0.01) });
  start();
});
afterAll(() => world.close());

function withBackoff(factor: number) {
  const times = { poll_interval_seconds: 1, shutdown_grace_seconds: 10 };
  return { coordinator: { ...times, max_concurrent_workers: 3, max_attempts: 2, backoff_factor: factor } };
}

function start(): void {
  apps = [world.startApp("scheduler"), world.startApp("runner")];
}

/** Lose the machine: its processes, its data folder and its Redis. Only GitHub and the backup are left. */
async function loseMachine(): Promise<void> {
  await Promise.all(apps.map((app) => app.stop("SIGKILL")));
  // Guards end their agents, and themselves, a moment later.
  await poll(
    120_000,
    async () =>
      processesUsing(world.dataFolder)
        .map(({ command }) => command)
        .join(", ") || null,
  );
  await world.stopRedis();
  await rm(join(world.dir, "redis"), { recursive: true });
  await mkdir(join(world.dir, "redis"));
  await rm(world.dataFolder, { recursive: true });
  await rm(world.configFile);
  await world.startRedis();
  expect(await world.redis.dbsize()).toBe(0);
}

const work = (name: string) => [
  { append: `${name}.txt`, text: "1\n" },
  { commit: `feat: ${name}` },
  { result: "Done." },
];
const startsOf = async (number: number) => (await world.agentStarts(number)).map(({ resumed }) => resumed);
const label = (number: number, name: string) =>
  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: name });
const fileOf = (number: number, name: string) => world.github.file(REPO, `auto/gh-${number}`, name);

/** Its question was not answered in time. */
async function expire(number: number): Promise<void> {
  const { store, queue, redis } = world;
  const jobId = world.jobId(number);
  await poll(120_000, async () => ((await redis.zscore(queue.toKey("delayed"), jobId)) === null ? "not parked" : null));
  expect(await store.writeIf(jobId, {}, { since: "2020-01-01T00:00:00.000Z" })).toBe(true);
  await (await queue.getJob(jobId))?.promote();
  await world.waitForState(number, "expired");
}

test("a backup made while agents work is restored on an empty machine: an issue in every state continues correctly", async () => {
  const { github, store, dir } = world;
  const promptFile = join(dir, "prompt.txt");
  const reviewed = world.openIssue({
    script: [
      [{ prompt: promptFile }, ...work("first")],
      [{ prompt: promptFile }, ...work("second")],
    ],
  });
  const answered = world.openIssue({ script: [{ result: "Nothing to change, because it is right." }] });
  const blocked = world.openIssue({
    script: {
      first: [{ write: "half.txt", text: "1\n" }, { commit: "half" }, { ask: "Red?" }, { result: "I asked." }],
      again: work("whole"),
    },
  });
  const withheld = world.openIssue({
    script: [{ write: WORKFLOW, text: "on: push\n" }, { commit: "ci" }, { result: "Done." }],
  });
  const unless = (command: string) => ({ bash: `[ -e '${join(dir, "repaired")}' ] || ${command}` });
  const failed = world.openIssue({ script: [unless("kill -9 $PPID"), ...work("again")] });
  const cancelled = world.openIssue({ script: [{ ask: "Really?" }, { result: "I asked." }] });
  // Put back to work, it begins with a new session.
  const expired = world.openIssue({ script: [unless("echo 'When?' >BLOCKED.md"), ...work("unasked")] });
  await world.waitForState(reviewed, "pr");
  await world.waitForState(answered, "answered");
  for (const number of [blocked, withheld, cancelled, expired]) await world.waitForState(number, "blocked");
  await world.waitForState(failed, "failed");
  // From here on, a failed attempt is not repeated before the test has checked it.
  await world.configure(withBackoff(0.2));
  await Promise.all(apps.map((app) => app.stop()));
  start();
  github.closeIssue({ repo: REPO, number: cancelled, actor: OWNER });
  await world.waitForState(cancelled, "cancelled");
  await expire(expired);
  const pull = pullsOf(world, reviewed)[0]?.number ?? 0;
  github.review({ repo: REPO, number: pull, actor: OWNER, state: "CHANGES_REQUESTED", body: "Say it twice." });

  const halfWay = [
    { write: "kept.txt", text: "1\n" },
    { commit: "feat: kept" },
    world.gate("stopped"),
    ...work("more"),
  ];
  const stopped = world.openIssue({ script: halfWay });
  await poll(120_000, async () => ((await world.agentStarts(stopped)).length > 0 ? null : "no agent"));
  await outputOf(world, "stop", `${REPO}#${stopped}`);
  await world.waitForState(stopped, "stopped");

  // A second machine's agent would wait here too.
  const running = world.openIssue({ script: [...work("early").slice(0, 2), world.gate("go"), ...work("late")] });
  await poll(120_000, async () => ((await world.agentStarts(running)).length > 0 ? null : "no agent"));
  const retrying = world.openIssue({
    script: [[{ append: "try.txt", text: "1\n" }, { commit: "try" }, { exit: 3 }], work("retried")],
  });
  await world.waitForState(retrying, "retrying");
  const refused = { error: { status: null, message: "OAuth session expired", code: "authentication_failed" } };
  const parked = world.openIssue({ script: [[{ append: "p.txt", text: "1\n" }, refused], work("parked")] });
  await world.waitForState(parked, "parked");
  await poll(120_000, async () => ((await world.queue.isPaused()) ? null : "the queue is not held"));
  const queued = world.openIssue({ script: work("queued") });
  await world.waitForState(queued, "queued");
  const withdrawn = world.openIssue({ script: work("never") });
  await world.waitForState(withdrawn, "queued");
  github.removeLabel({ repo: REPO, number: withdrawn, actor: OWNER, label: LABEL });
  await world.waitForState(withdrawn, "withdrawn");

  const all = {
    reviewed,
    answered,
    blocked,
    withheld,
    failed,
    cancelled,
    expired,
    stopped,
    running,
    retrying,
    parked,
    queued,
    withdrawn,
  };
  const states = async () =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(all).map(async ([name, number]) => [name, (await store.read(world.jobId(number))).state]),
      ),
    ) as Record<keyof typeof all, string>;
  const expected = { ...all, reviewed: "pr", withheld: "blocked" };
  const names = Object.fromEntries(
    Object.entries(expected).map(([name, value]) => [name, typeof value === "string" ? value : name]),
  );
  expect(await states()).toEqual(names);
  const file = join(dir, "backup.tar.gz");
  expect(await outputOf(world, "backup", file)).toContain("13 issues");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const { stdout: text } = await execa("sh", ["-c", `gzip -dc '${file}' | grep -a -c -F '${world.token}' || true`]);
  expect(text, "the token in the backup").toBe("0");
  const config = await readFile(world.configFile, "utf8");

  await loseMachine();
  const output = await outputOf(world, "restore", file);
  expect(output).toContain("Set GITHUB_TOKEN");
  expect(await readFile(world.configFile, "utf8")).toBe(config);
  expect(await states()).toEqual(names);
  expect(existsSync(join(world.dataFolder, "restoring"))).toBe(false);
  expect(existsSync(join(world.dataFolder, "repos"))).toBe(false);
  start();
  await world.openGate("go");
  await world.openGate("stopped");

  // Its hold is there still, and so is what waits for it.
  expect((await readHolds(world.redis)).map(({ name }) => name)).toEqual(["auth"]);
  expect(await states()).toMatchObject({ queued: "queued", parked: "parked" });
  await outputOf(world, "resume", "auth");
  for (const number of [queued, parked, running, retrying]) await world.waitForState(number, "pr", 150_000);
  await expectOnce(world, queued);
  expect(await startsOf(parked)).toEqual([false, true]);
  expect(await startsOf(retrying)).toEqual([false, true]);
  expect(await startsOf(running), "its run is lost, and begins again").toEqual([false, false]);
  expect(await fileOf(running, "late.txt")).toBe("1\n");

  github.comment({ repo: REPO, number: blocked, actor: OWNER, body: "Green." });
  label(withheld, ALLOW);
  label(reviewed, LABEL);
  label(stopped, LABEL);
  await world.openGate("repaired");
  expect(await startsOf(expired)).toHaveLength(1);
  label(expired, LABEL);
  expect(await outputOf(world, "retry", `${REPO}#${failed}`)).toContain("queued again");
  await world.waitForState(blocked, "pr");
  expect(await startsOf(blocked), "the session that asked gets the answer").toEqual([false, true]);
  expect(await fileOf(blocked, "half.txt")).toBe("1\n");
  expect(await fileOf(blocked, "whole.txt")).toBe("1\n");
  await world.waitForState(withheld, "pr");
  expect(await startsOf(withheld), "finished work is not paid for again").toEqual([false]);
  expect(await fileOf(withheld, WORKFLOW)).toBe("on: push\n");
  await world.waitForNthState(reviewed, "pr", 2);
  expect(await readFile(promptFile, "utf8")).toContain("Say it twice.");
  for (const number of [stopped, failed, expired]) await world.waitForState(number, "pr");
  expect(await fileOf(stopped, "kept.txt")).toBe("1\n");
  expect(await fileOf(stopped, "more.txt")).toBe("1\n");
  expect(await fileOf(expired, "unasked.txt"), "on the work from before its question").toBe("1\n1\n");
  for (const number of Object.values(all)) {
    expect(pullsOf(world, number).length, `pull requests of ${number}`).toBe(
      [answered, cancelled, withdrawn].includes(number) ? 0 : 1,
    );
    expect(statusComments(world, number).length).toBeLessThanOrEqual(1);
  }
  expect(await states()).toMatchObject({ answered: "answered", cancelled: "cancelled", withdrawn: "withdrawn" });
  expect(await startsOf(answered)).toHaveLength(1);

  const again = tac8(world, "restore", file);
  expect(await again.ended).toBe(1);
});

test("a backup that is older than the state on GitHub: an issue that ended since is not started again, and its end on GitHub stays", async () => {
  const { github, dir } = world;
  const before = world.openIssue({ script: [...work("early").slice(0, 2), world.gate("since"), ...work("late")] });
  await poll(120_000, async () => ((await world.agentStarts(before)).length > 0 ? null : "no agent"));
  const asking = world.openIssue({ script: { first: [{ ask: "Red?" }, { result: "I asked." }], again: work("red") } });
  await world.waitForState(asking, "blocked");
  await outputOf(world, "pause");
  await poll(120_000, async () => ((await world.queue.isPaused()) ? null : "not paused"));
  const waiting = world.openIssue({ script: work("waited") });
  await world.waitForState(waiting, "queued");
  const file = join(dir, "older.tar.gz");
  await outputOf(world, "backup", file);

  await outputOf(world, "resume");
  github.comment({ repo: REPO, number: asking, actor: OWNER, body: "Red." });
  await world.openGate("since");
  const ended = [before, asking, waiting];
  for (const number of ended) await world.waitForState(number, "pr");
  const unknown = world.openIssue({ script: work("unknown") });
  await world.waitForState(unknown, "pr");
  const seen = () =>
    Promise.all(
      [...ended, unknown].map(async (number) => ({
        starts: (await world.agentStarts(number)).length,
        labels: github.issue(REPO, number).labels.toSorted(),
        comments: github.comments(REPO, number).map(({ body }) => body),
        pulls: pullsOf(world, number).map(({ state }) => state),
      })),
    );
  const atLoss = await seen();
  await loseMachine();
  await outputOf(world, "restore", file);
  start();
  await outputOf(world, "resume");
  for (const number of ended) {
    await poll(120_000, async () => {
      const {
        state,
        end: { reason },
      } = await world.store.read(world.jobId(number));
      return isEnded(state) ? null : `${number} is ${state ?? "unknown"}: ${reason ?? ""}`;
    });
  }
  expect(await seen()).toEqual(atLoss);
});

test("a backup without the files of agents that are other users: issues restart without the conversation", async () => {
  const { github, dir } = world;
  const [asked, answered] = [join(dir, "asked.txt"), join(dir, "answered")];
  const ask = { bash: `[ -e '${answered}' ] || echo 'Red?' >BLOCKED.md` };
  const blocked = world.openIssue({ script: [{ prompt: asked }, ask, ...work("half")] });
  const withheld = world.openIssue({
    script: [{ write: WORKFLOW, text: "on: push\n" }, { commit: "ci" }, { result: "Done." }],
  });
  for (const number of [blocked, withheld]) await world.waitForState(number, "blocked");
  const error = { status: null, message: "OAuth session expired", code: "authentication_failed" };
  const fails = { once: join(dir, "parked-failed"), step: { error } };
  const parked = world.openIssue({ script: [{ append: "p.txt", text: "1\n" }, fails, ...work("parked")] });
  await world.waitForState(parked, "parked");
  const file = join(dir, "others.tar.gz");
  await outputOf(world, "backup", file);
  await loseMachine();
  await outputOf(world, "restore", file);
  // tac8's own user cannot read these, so they are in no backup that it makes.
  for (const name of ["homes", "workspaces"]) await rm(join(world.dataFolder, name), { recursive: true, force: true });
  start();
  await tac8(world, "resume", "auth").ended; // Unless it is over.
  await writeFile(answered, "");
  github.comment({ repo: REPO, number: blocked, actor: OWNER, body: "Rather green." });
  label(withheld, ALLOW);
  for (const number of [parked, blocked, withheld]) await world.waitForState(number, "pr", 150_000);
  expect(await readFile(asked, "utf8")).toMatch(/Red\?[^]*Rather green\./);
  for (const number of [parked, blocked, withheld]) {
    expect(pullsOf(world, number)).toHaveLength(1);
    expect(statusComments(world, number)).toHaveLength(1);
    expect((await startsOf(number)).filter((resumed) => !resumed).length, "a new session").toBeGreaterThan(1);
  }
});
