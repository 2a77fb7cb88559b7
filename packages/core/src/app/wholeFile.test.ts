import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { writeWholeFile } from "./wholeFile.ts";

let dir = "";
let path = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tac8-whole-"));
  path = join(dir, "note");
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dir, { recursive: true });
});

test("the newest text is there, alone, for this user only", async () => {
  await writeWholeFile(path, "one");
  await writeWholeFile(path, "two");
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(dir)).toEqual(["note"]);
});

fieldTest("F4", "the text is on the disk before it has its name, and the name before it counts", async () => {
  const handle = await open(dir, "r");
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "sync");
  await handle.close();
  const seen: string[][] = [];
  sync.mockImplementation(async () => void seen.push(readdirSync(dir)));
  await writeWholeFile(path, "one");
  expect(seen).toEqual([[expect.stringMatching(/^note\.\w+\.new$/)], ["note"]]);
});

test("a symbolic link in its place is replaced and not followed", async () => {
  const target = join(dir, "target");
  writeFileSync(target, "theirs");
  symlinkSync(target, path);
  await writeWholeFile(path, "ours", { mode: 0o644 });
  expect([readFileSync(path, "utf8"), readFileSync(target, "utf8")]).toEqual(["ours", "theirs"]);
  expect(lstatSync(path).isFile()).toBe(true);
});

test("where it cannot be written, the old text stays", async () => {
  await writeWholeFile(path, "old");
  const handle = await open(dir, "r");
  vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, "sync").mockRejectedValue(new Error("EIO"));
  await handle.close();
  await expect(writeWholeFile(path, "new")).rejects.toThrow("EIO");
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(dir)).toEqual(["note"]);
});

test("many writers at once: one of their texts is there, whole and alone", async () => {
  const texts = Array.from({ length: 50 }, (_, n) => String(n).repeat(10_000));
  await Promise.all(texts.map((text) => writeWholeFile(path, text)));
  expect(texts).toContain(readFileSync(path, "utf8"));
  expect(readdirSync(dir)).toEqual(["note"]);
});
