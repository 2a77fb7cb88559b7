import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { execFileSync } from "node:child_process";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createHomeCheck, type HomeCheck } from "./homeCheck.ts";

let dir = "";
let home = "";
let check: HomeCheck;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-check-"));
  home = join(dir, "home");
  await mkdir(home);
  await writeFile(join(home, "id"), "this");
  check = createHomeCheck({ home, id: "this" });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

fieldTest("F11", "a removed data folder is detected, and so is its return", async () => {
  expect(await check()).toBeNull();
  await rename(home, join(dir, "moved"));
  expect(await check()).toContain(`${home} is missing`);
  await mkdir(home); // A mount point without its disk.
  expect(await check()).toContain(`${home} is missing or empty`);
  await rm(home, { recursive: true });
  await rename(join(dir, "moved"), home);
  expect(await check()).toBeNull();
});

fieldTest("F11", "another data folder in its place is detected", async () => {
  await writeFile(join(home, "id"), "another");
  expect(await check()).toContain("not the one that this runner started with");
});

test("a disk that does not respond is reported, and not read again meanwhile", async () => {
  await rm(join(home, "id"));
  execFileSync("mkfifo", [join(home, "id")]); // A read waits for a writer that never comes.
  const hangs = createHomeCheck({ home, id: "this", answerMs: 20 });
  expect(await hangs()).toContain("does not respond");
  expect(await hangs()).toContain("does not respond");
  await writeFile(join(home, "id"), "this"); // Ends the one read that waits.
});
