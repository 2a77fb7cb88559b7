import { startTimeOf } from "@tac8/core/process/procfs";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withPasswordFile } from "@tac8/core/config/redisUrl";
import { sharePassword } from "@tac8/core/config/joined";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRecord, redisFolder, redisUrlIn, writeRecord } from "./record.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tac8-record-"));
  mkdirSync(redisFolder(home));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const alive = { pid: process.pid, startTime: startTimeOf(process.pid) ?? 0 };
const dead = { pid: process.pid, startTime: alive.startTime + 1 };

test.each([
  ["lives", alive, alive, "unix:///run/a.sock"],
  ["lives, and its tac8 up was killed", alive, dead, "unix:///run/a.sock"],
  ["ended, and its tac8 up is about to start it again", dead, alive, "unix:///run/a.sock"],
  ["ended with its tac8 up", dead, dead, null],
  ["ended, and an older version wrote the record", dead, null, null],
])("a Redis that %s", (_, own, keeper, url) => {
  writeRecord(home, { ...own, socket: "/run/a.sock", keeper });
  const expected = url === null ? null : withPasswordFile(url, sharePassword(home));
  expect(redisUrlIn([join(home, "missing"), home])).toBe(expected);
});

test("a record of an older version is read", () => {
  writeFileSync(join(redisFolder(home), "redis.json"), JSON.stringify({ ...alive, port: 7001 }));
  expect(readRecord(home)).toEqual({ ...alive, url: "redis://127.0.0.1:7001", keeper: null });
});
