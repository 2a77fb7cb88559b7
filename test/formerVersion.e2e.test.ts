import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RECORD_FORMAT } from "@tac8/core/domain/format";
import { formerVersion, formerVersionUnavailableReason } from "./formerVersion.ts";
import { pullsOf } from "./once.ts";
import { createWorld, LABEL, OWNER, poll, REPO, type App, type AppName, type World } from "./world.ts";

if (formerVersionUnavailableReason !== null)
  console.warn(`skipped: the test beside a former version: ${formerVersionUnavailableReason}`);

/** Machines are upgraded one after the other: apps of the version before format 2 and of this one share Redis and GitHub. */
describe.skipIf(formerVersionUnavailableReason !== null)("beside the version before format 2", () => {
  let world: World;
  let former: (name: AppName) => readonly string[];
  let scheduler: App;
  let old: App;
  beforeAll(async () => {
    world = await createWorld();
    former = formerVersion(join(world.base, "former"));
    scheduler = world.startApp("scheduler", {}, former("scheduler"));
    old = await start("old", "one");
  });
  afterAll(() => world.close());

  /** `home`: of the machine. */
  async function start(version: "old" | "new", home: "one" | "two"): Promise<App> {
    const by = version === "old" ? former("runner") : [];
    const app = world.startApp("runner", { TAC8_HOME: join(world.base, `home-${home}`) }, by);
    await app.waitForLog("runner ready");
    return app;
  }
  const formatOf = async (number: number) => (await world.store.read(world.jobId(number))).format;
  const agents = async (number: number) => (await world.agentStarts(number)).length;
  const reply = (number: number) =>
    void world.github.comment({ repo: REPO, number, actor: OWNER, body: "The second one." });
  const script = (gate: string) => [
    { write: "a.txt", text: "1\n" },
    { commit: "feat: a" },
    world.gate(gate),
    { result: "Done." },
  ];
  const asks = {
    first: [{ write: "a.txt", text: "1\n" }, { ask: "Which one?" }, { result: "I asked." }],
    again: [{ write: "b.txt", text: "2\n" }, { result: "Done." }],
  };

  test("a run that an older runner lost is resumed by a newer runner, and its record is migrated", async () => {
    const asked = world.openIssue({ script: asks });
    await world.waitForState(asked, "blocked");
    const number = world.openIssue({ script: script("lost") });
    await poll(120_000, async () => ((await agents(number)) === 1 ? null : "no agent"));
    expect(await formatOf(number)).toBe(1);
    await old.stop("SIGKILL");
    const newer = await start("new", "one");
    await world.openGate("lost");
    await world.waitForState(number, "pr");
    expect(await formatOf(number)).toBe(RECORD_FORMAT);
    expect(pullsOf(world, number)).toHaveLength(1);
    // What the older scheduler hands on to a record of format 1 reaches the newer runner.
    expect(await formatOf(asked)).toBe(1);
    reply(asked);
    await world.waitForState(asked, "pr");
    expect(pullsOf(world, asked)).toHaveLength(1);
    expect(await agents(asked)).toBe(2);
    await newer.stop();
  });

  test("an older runner defers the job of a newer runner; an older scheduler and a newer runner finish it", async () => {
    let newer = await start("new", "two");
    const number = world.openIssue({ script: asks });
    await world.waitForState(number, "blocked");
    await newer.stop();
    old = await start("old", "one");
    reply(number);
    await old.waitForLog(`a newer version of tac8 has worked on it (format ${RECORD_FORMAT}, and this runner knows 1)`);
    await poll(120_000, async () => {
      const { hold } = (await world.store.read(world.jobId(number))).job;
      return hold === `format:${RECORD_FORMAT}` ? null : "the job was not deferred";
    });
    expect(await agents(number)).toBe(1);
    newer = await start("new", "two");
    await world.waitForState(number, "pr");
    expect(await agents(number)).toBe(2);
    expect(pullsOf(world, number)).toHaveLength(1);

    // The older scheduler begins another round of an ended issue: nothing of the end before is left.
    await old.stop();
    world.github.removeLabel({ repo: REPO, number, label: LABEL, actor: OWNER });
    world.github.addLabel({ repo: REPO, number, label: LABEL, actor: OWNER });
    await poll(120_000, async () => ((await agents(number)) === 3 ? null : "no agent for the new round"));
    await world.waitForState(number, "blocked");

    // A newer scheduler continues where the older one was.
    await scheduler.stop();
    scheduler = world.startApp("scheduler");
    const next = world.openIssue({ script: asks });
    await world.waitForState(next, "blocked");
    reply(next);
    await world.waitForState(next, "pr");
    await newer.stop();
  });

  test("an older runner processes jobs that a newer scheduler has queued", async () => {
    old = await start("old", "one");
    const number = world.openIssue({ script: script("queued") });
    await world.openGate("queued");
    await world.waitForState(number, "pr");
    expect(await formatOf(number)).toBe(1);
    expect(pullsOf(world, number)).toHaveLength(1);
  });
});
