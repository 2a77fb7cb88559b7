import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lock } from "@tac8/core/process/flock";
import { workspacePaths, type WorkspacePaths } from "../apps/runner/src/workspace/paths.ts";
import { nextNumber } from "./once.ts";
import { createWorld, OWNER, poll, REPO, type App, type World } from "./world.ts";

/** A data folder in which an older version has worked, which kept its notes about workspaces beside or in them. */
let world: World;
let runner: App;
beforeAll(async () => {
  world = await createWorld();
  world.startApp("scheduler");
  runner = world.startApp("runner");
});
afterAll(() => world.close());

const pathsOf = (number: number): WorkspacePaths =>
  workspacePaths(world.dataFolder, "trees", { owner: OWNER, repo: "widgets", number });

test("a workspace that a runner of an older version holds is not used; when it is free, the job continues", async () => {
  const number = nextNumber(world);
  const { former } = pathsOf(number);
  await mkdir(dirname(former.lockFile), { recursive: true });
  const held = await lock(former.lockFile);
  try {
    expect(world.openIssue({ script: [{ write: "a.txt", text: "a\n" }, { result: "Done." }] })).toBe(number);
    await runner.waitForLog("another process uses the issue's workspace");
    expect(await world.agentStarts(number)).toEqual([]);
  } finally {
    held.release();
  }
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
  await poll(120_000, async () => (existsSync(former.lockFile) ? "the former lock is there" : null));
});

test("an end that an older version noted, and that Redis does not have, is not paid for again", async () => {
  const script = [{ write: "work.txt", text: "1\n" }, world.gate("end"), { result: "Done by the older version." }];
  const number = world.openIssue({ script });
  const { endFile, branchFile, promptFile, notesDir, lockFile, former } = pathsOf(number);
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 1 ? null : "no agent"));
  await world.stopRedis();
  await world.openGate("end");
  await poll(120_000, async () => (existsSync(endFile) ? null : "no note of its end"));
  await runner.stop("SIGKILL");
  const { usage } = JSON.parse(await readFile(endFile, "utf8")) as { usage: { costUsd: number } };
  await mkdir(dirname(former.promptFile), { recursive: true });
  await rename(endFile, former.endFile);
  await rename(branchFile, former.branchFile);
  await rename(promptFile, former.promptFile);
  await rename(lockFile, former.lockFile);
  await rm(notesDir, { recursive: true });
  await world.startRedis();
  world.startApp("runner");
  await world.waitForState(number, "pr");
  expect(await world.agentStarts(number)).toHaveLength(1);
  expect(await world.store.read(world.jobId(number))).toMatchObject({
    work: { summary: "Done by the older version." },
    agent: { usage },
  });
  expect(await world.github.file(REPO, `auto/gh-${number}`, "work.txt")).toBe("1\n");
});
