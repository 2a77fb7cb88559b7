import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openRawLog } from "./rawLog.ts";

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "tac8-log-"))));
afterEach(() => rmSync(dir, { recursive: true }));

test("writes everything, for the owner only, after what is there", async () => {
  const path = join(dir, "a/b/run.jsonl");
  for (const part of ["one\n", "two\n"]) {
    const log = await openRawLog(path);
    await log.write(Buffer.from(part));
    await log.close();
    await log.close();
    expect([log.bytes, log.error]).toEqual([4, null]);
  }
  expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("a full disk is recorded and harms nobody", async () => {
  const log = await openRawLog("/dev/full");
  await log.write(Buffer.from("x"));
  await log.write(Buffer.from("y"));
  expect(log.error?.message).toMatch(/^raw log \/dev\/full: ENOSPC/);
  expect(log.bytes).toBe(0);
  await log.close();
});

test("neither does a folder that can't be made", async () => {
  writeFileSync(join(dir, "file"), "");
  const log = await openRawLog(join(dir, "file/run.jsonl"));
  await log.write(Buffer.from("x"));
  expect(log.error?.message).toContain("raw log");
  await log.close();
});
