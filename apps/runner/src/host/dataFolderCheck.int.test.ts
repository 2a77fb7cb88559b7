import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { execFileSync } from "node:child_process";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { createDataFolderCheck, type DataFolderCheck } from "./dataFolderCheck.ts";

let dir = "";
let dataFolder = "";
let check: DataFolderCheck;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-check-"));
  dataFolder = join(dir, "dataFolder");
  await mkdir(dataFolder);
  await writeFile(join(dataFolder, "id"), "this");
  check = createDataFolderCheck({ dataFolder, id: "this" });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

fieldTest("F11", "a removed data folder is detected, and so is its return", async () => {
  expect(await check()).toBeNull();
  await rename(dataFolder, join(dir, "moved"));
  expect(await check()).toContain(`${dataFolder} is missing`);
  await mkdir(dataFolder); // A mount point without its disk.
  expect(await check()).toContain(`${dataFolder} is missing or empty`);
  await rm(dataFolder, { recursive: true });
  await rename(join(dir, "moved"), dataFolder);
  expect(await check()).toBeNull();
});

fieldTest("F11", "another data folder in its place is detected", async () => {
  await writeFile(join(dataFolder, "id"), "another");
  expect(await check()).toContain("not the one that this runner started with");
});

test("a disk that does not respond is reported, and not read again meanwhile", async () => {
  await rm(join(dataFolder, "id"));
  execFileSync("mkfifo", [join(dataFolder, "id")]); // A read waits for a writer that never comes.
  const hangs = createDataFolderCheck({ dataFolder, id: "this", answerMs: 20 });
  expect(await hangs()).toContain("does not respond");
  expect(await hangs()).toContain("does not respond");
  await writeFile(join(dataFolder, "id"), "this"); // Ends the one read that waits.
});
