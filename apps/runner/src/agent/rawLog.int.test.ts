import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openRawLog } from "./rawLog.ts";

let dir = "";
beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "tac8-log-"))));
afterEach(() => rmSync(dir, { recursive: true }));

test("appends everything, in a file that only the owner can read", async () => {
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

test("a full disk is recorded, and does not affect the agent", async () => {
  const log = await openRawLog("/dev/full");
  await log.write(Buffer.from("x"));
  await log.write(Buffer.from("y"));
  expect(log.error?.message).toMatch(/^raw log \/dev\/full: ENOSPC/);
  expect(log.bytes).toBe(0);
  await log.close();
});

test("a folder that cannot be created does not affect the agent", async () => {
  writeFileSync(join(dir, "file"), "");
  const log = await openRawLog(join(dir, "file/run.jsonl"));
  await log.write(Buffer.from("x"));
  expect(log.error?.message).toContain("raw log");
  await log.close();
});

test("a log that grows without end keeps its beginning and its end, with a note between them", async () => {
  const path = join(dir, "run.jsonl");
  const bounds = { maxBytes: 50_000, tailBytes: 100 };
  let log = await openRawLog(path, bounds);
  for (let number = 0; number < 10_000; number += 1) await log.write(Buffer.from(`line ${number}\n`));
  await log.close();
  await log.close();
  expect(statSync(path).size).toBeLessThan(50_000 + 100 + 200);
  const lines = readFileSync(path, "utf8").split("\n");
  expect(lines[0]).toBe("line 0");
  expect(lines.at(-2)).toBe("line 9999");
  const note = lines.findIndex((line) => line.startsWith("{"));
  const { type, reason, bytes_left_out: out } = JSON.parse(lines[note] ?? "") as Record<string, unknown>;
  expect([type, reason]).toEqual(["tac8", "the log had grown to its limit of 50000 bytes"]);
  const all = 10_000 * "line \n".length + 10 + 90 * 2 + 900 * 3 + 9000 * 4;
  const kept = Buffer.byteLength(lines.toSpliced(note, 1).join("\n"));
  expect(Number(out)).toBe(all - kept + 1); // The line break before the note is not from the agent.

  // The same run continues in the same file, which is full.
  log = await openRawLog(path, bounds);
  await log.write(Buffer.from(`${"x".repeat(1000)}\nthe end\n`));
  await log.close();
  expect(statSync(path).size).toBeLessThan(50_000 + 2 * (100 + 200));
  expect(readFileSync(path, "utf8")).toMatch(/"bytes_left_out":1001\}\nthe end\n$/);
});
