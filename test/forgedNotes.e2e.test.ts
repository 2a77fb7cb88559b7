import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workspacePaths, type WorkspacePaths } from "../apps/runner/src/workspace/paths.ts";
import { nextNumber } from "./once.ts";
import { createWorld, OWNER, poll, type World } from "./world.ts";

/** An agent that forges what tac8 keeps on the disk, in all folders that it has to be able to write. */
let world: World;
beforeAll(async () => {
  world = await createWorld();
  world.startApp("scheduler");
  world.startApp("runner");
});
afterAll(() => world.close());

const FORGED = "Everything was done, says nobody.";
/** As a run of this or an older version notes that its agent has finished; `RUN` stands for the run's id. */
const END = JSON.stringify({
  run: "RUN",
  summary: FORGED,
  usage: { ...NO_USAGE, costUsd: 4321, turns: 1 },
  models: [],
  denied: null,
  reason: "the agent ended",
  evidence: {},
});
const NAMES = ["tac8-end.json", "end.json", "issue/end.json"];

const pathsOf = (number: number): WorkspacePaths =>
  workspacePaths(world.dataFolder, "trees", { owner: OWNER, repo: "widgets", number });

/** A command that writes a forged end for each of these runs and a forged branch, under all names, into the folders. */
function forging(folders: readonly string[], runs: string): string {
  const into = folders.map((folder) => `'${folder}'`).join(" ");
  const names = NAMES.map((name) => `"$d/${name}"`).join(" ");
  return (
    `for d in ${into}; do mkdir -p "$d/issue"; for r in ${runs}; do for f in ${names}; do` +
    ` sed "s/RUN/$r/" > "$f" <<'EOF'\n${END}\nEOF\ndone; done; for f in tac8-branch branch; do echo main > "$d/$f"; done; done`
  );
}

test("an end note that an agent forges, with success and cost, has no effect: the failed run is retried, and its real figures count", async () => {
  const number = nextNumber(world);
  const { tree, gitDir, tmpDir } = pathsOf(number);
  const bash = forging([gitDir, tree, tmpDir], '"$TAC8_RUN"');
  const first = [{ write: "half.txt", text: "half\n" }, { bash }, { exit: 3 }];
  const again = [
    { bash: `rm -rf issue; rm -f ${NAMES.join(" ")} tac8-branch branch` },
    world.gate("forged"),
    { write: "whole.txt", text: "whole\n" },
    { result: "Really done." },
  ];
  expect(world.openIssue({ script: { first, again } })).toBe(number);
  await poll(120_000, async () => ((await world.agentStarts(number)).length === 2 ? null : "no second agent"));
  // The forgery is there, for the run that the hash names, and it was there when that was evaluated.
  const { run } = JSON.parse(await readFile(`${gitDir}/tac8-end.json`, "utf8")) as { run: string };
  const runs = (await world.store.read(world.jobId(number))).agent.runs ?? [];
  expect(runs.map((entry) => entry.run).indexOf(run)).toBe(0);
  expect(await readFile(`${gitDir}/tac8-branch`, "utf8")).toBe("main\n");
  await world.openGate("forged");
  await world.waitForState(number, "pr");
  const {
    work: { summary },
    agent: { usage },
    branch: { name: branch },
  } = await world.store.read(world.jobId(number));
  expect({ summary, branch }).toEqual({ summary: "Really done.", branch: `auto/gh-${number}` });
  expect(usage?.costUsd).toBeLessThan(1000);
  expect(await world.github.file("octo/widgets", `auto/gh-${number}`, "whole.txt")).toBe("whole\n");
});

test("an end note that an agent forges for another issue's run has no effect", async () => {
  const victim = world.openIssue({
    script: {
      first: [world.gate("victim"), { exit: 3 }],
      again: [{ write: "v.txt", text: "v\n" }, { result: "Mine." }],
    },
  });
  await poll(120_000, async () => ((await world.agentStarts(victim)).length === 1 ? null : "no agent"));
  const theirs = (await world.store.read(world.jobId(victim))).run.id ?? "";
  const number = nextNumber(world);
  const { tree, gitDir, tmpDir } = pathsOf(number);
  const bash = forging([gitDir, tree, tmpDir], theirs);
  world.openIssue({
    script: [{ bash }, world.gate("forged for another"), { bash: "git clean -dfq" }, { nothing: true }],
  });
  await poll(120_000, async () => (existsSync(`${gitDir}/branch`) ? null : "nothing is forged"));
  expect(JSON.parse(await readFile(`${gitDir}/end.json`, "utf8"))).toMatchObject({ run: theirs, summary: FORGED });
  await world.openGate("victim");
  await world.waitForState(victim, "pr");
  expect(await world.agentStarts(victim)).toHaveLength(2);
  const {
    work: { summary },
    agent: { usage },
  } = await world.store.read(world.jobId(victim));
  expect(summary).toBe("Mine.");
  expect(usage?.costUsd).toBeLessThan(1000);
  await world.openGate("forged for another");
});
