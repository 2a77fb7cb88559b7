import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasStopFile } from "../workspace/privateFiles.ts";
import { readText } from "./files.ts";
import { localFiles, readLocalFile } from "./local.ts";

let dir = "";
let file = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-plain-"));
  file = join(dir, "file");
});
afterEach(() => rm(dir, { recursive: true }));

test("a file's text, and no more of it than asked for", async () => {
  await writeFile(file, "12345");
  expect(await readText(localFiles, file, 100)).toBe("12345");
  expect(await readText(localFiles, file, 3)).toBe("123");
});

test.each([
  ["nothing", () => undefined],
  ["a folder", () => mkdir(file)],
  ["a pipe that nobody writes to", () => execa("mkfifo", [file])],
  ["a device without an end", () => symlink("/dev/zero", file)],
  ["a link to nowhere", () => symlink(join(dir, "nowhere"), file)],
])("%s is no plain file, whether links are followed or not", async (_what, make) => {
  await make();
  for (const followLinks of [false, true]) expect(await readLocalFile(file, 100, { followLinks })).toBeNull();
});

test("a link to a file is followed only where that is asked for", async () => {
  await writeFile(join(dir, "other"), "other");
  await symlink(join(dir, "other"), file);
  expect(await localFiles.readFile(file, 100)).toBeNull();
  expect(String(await readLocalFile(file, 100, { followLinks: true }))).toBe("other");
});

test("a link named STOP stops a run whether or not there is a file behind it", async () => {
  expect(await hasStopFile(localFiles, dir)).toBe(false);
  await symlink(join(dir, "nowhere"), join(dir, "STOP"));
  expect(await hasStopFile(localFiles, dir)).toBe(true);
});
