import { readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createWorld, LABEL, OWNER, REPO, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await createWorld();
});
afterEach(() => world.close());

const homeOf = (number: number) => join(world.dataFolder, "homes", REPO, `gh-${number}`);
const startsOf = async (number: number) => (await world.agentStarts(number)).map(({ resumed }) => resumed);
const noted = async (name: string) => (await readFile(join(world.dir, name), "utf8")).trim().split("\n");

/** A step that notes HOME and the files in it. */
function inspect(name: string): { bash: string } {
  const out = join(world.dir, name);
  return { bash: `echo "$HOME" > '${out}'; (cd "$HOME" && find . -type f -o -type l) | sort >> '${out}'` };
}

const PLANT = {
  bash: `mkdir -p "$HOME/.claude"; for f in .bashrc .npmrc .claude/settings.json; do echo x > "$HOME/$f"; done`,
};

test("each issue has its own home folder, in which a later run finds only its session", async () => {
  const again = [inspect("again"), { result: "Nothing more." }];
  const number = world.openIssue({ script: [[PLANT, inspect("planted"), { result: "Answered." }], again] });
  world.startApp("scheduler");
  world.startApp("runner");
  await world.waitForState(number, "answered");
  const kept = [expect.stringMatching(/^\.claude\/projects\/scripted\/[0-9a-f-]{36}\.jsonl$/)];
  const files = readdirSync(homeOf(number), { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  expect(files.map((file) => relative(homeOf(number), join(file.parentPath, file.name)))).toEqual(kept);
  const planted = ["./.bashrc", "./.claude/settings.json", "./.npmrc"];
  expect(await noted("planted")).toEqual(expect.arrayContaining([homeOf(number), ...planted]));

  const other = world.openIssue({ script: [inspect("other"), { result: "Answered." }] });
  await world.waitForState(other, "answered");
  const session = expect.stringMatching(/^\.\/\.claude\/projects\/scripted\/.*\.jsonl$/);
  expect(await noted("other")).toEqual([homeOf(other), session, "./.gitconfig"]);

  world.github.addLabel({ repo: REPO, number, actor: OWNER, label: LABEL });
  await world.waitForNthState(number, "answered", 2);
  expect(await startsOf(number)).toEqual([false, true]);
  expect(await noted("again")).toEqual([homeOf(number), session, "./.gitconfig"]);
});

test("a session from before issues had their own home folder is resumed in that folder, without a used attempt", async () => {
  const config = await readFile(world.configFile, "utf8");
  const shared = join(world.dir, "shared.toml");
  await writeFile(shared, config.replace('home = "private"', 'home = "shared"'));
  const again = [inspect("again"), { write: "a.txt", text: "a" }, { commit: "a" }, { result: "Done." }];
  const number = world.openIssue({
    script: { first: [inspect("first"), { ask: "Which one?" }, { result: "I asked." }], again },
  });
  world.startApp("scheduler");
  const before = world.startApp("runner", { TAC8_CONFIG: shared });
  await world.waitForState(number, "blocked");
  expect((await noted("first"))[0]).toBe(world.ownerHome);
  await before.stop();

  const after = world.startApp("runner");
  world.github.comment({ repo: REPO, number, actor: OWNER, body: "The first one." });
  await world.waitForState(number, "pr");
  expect((await noted("again"))[0]).toBe(homeOf(number));
  expect(await startsOf(number)).toEqual([false, true]);
  const brought = after
    .log()
    .split("\n")
    .filter((line) => line.includes("copied the session from the shared home folder"));
  expect(brought).toHaveLength(1);
  const attempts = (await world.history(number))
    .filter(({ to }) => to === "running")
    .map(({ evidence }) => evidence["attempt"]);
  expect(new Set(attempts)).toEqual(new Set([1]));
});
