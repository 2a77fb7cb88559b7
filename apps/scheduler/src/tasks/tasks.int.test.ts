import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHarness, type Harness } from "../harness.fixture.ts";
import { createTextFile } from "./file.ts";
import { readTasks } from "./readTasks.ts";
import type { Section } from "./page.ts";

let at: Harness;
beforeEach(async () => {
  at = await createHarness();
});
afterEach(() => at.close());

test("every job is in its section", async () => {
  const numbers = Array.from({ length: 7 }, (_, index) => at.openIssue({ title: `Issue ${index}` }));
  await at.poll();
  await (await at.take()).end("pr", { "branch.head": "abcdef0".padEnd(40, "0"), "pull.url": "u" });
  await (await at.take()).end("failed", { "end.reason": "r" });
  await (await at.take()).park("blocked", { "question.text": "Why?" });
  await (await at.take()).park("parked", { "end.reason": "GitHub is unreachable" });
  await (await at.take()).end("cancelled");
  await at.take();
  const ids = ({ tasks, total }: Section) => [tasks.map(({ ref }) => ref.number), total];
  const tasks = await readTasks(at, 0);
  expect(Object.fromEntries(Object.entries(tasks).map(([name, section]) => [name, ids(section)]))).toEqual({
    pending: [[numbers[6], numbers[3]], 2],
    active: [[numbers[5]], 1],
    completedToday: [[numbers[0]], 1],
    failed: [[numbers[1]], 1],
    blocked: [[numbers[2]], 1],
  });
  expect((await readTasks(at, Date.now() + 60_000)).completedToday.tasks).toEqual([]);
});

test("the file is complete, and no other file is left", async () => {
  const path = join(at.dir, "new", "tasks.md");
  const write = createTextFile(path);
  await write("one");
  await write("two");
  expect(await readFile(path, "utf8")).toBe("two");
  expect(await readdir(join(at.dir, "new"))).toEqual(["tasks.md"]);
});

test("a data folder that was removed is not created again, and gets the file when it is back", async () => {
  const folder = join(at.dir, "new");
  const write = createTextFile(join(folder, "tasks.md"));
  await write("one");
  await rm(folder, { recursive: true });
  await write("two");
  expect(existsSync(folder)).toBe(false);
  await mkdir(folder);
  await write("two");
  expect(await readFile(join(folder, "tasks.md"), "utf8")).toBe("two");
});
