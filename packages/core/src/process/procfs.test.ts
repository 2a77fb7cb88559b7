import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { isSameProcess, parseStat, startTimeNow, startTimeOf } from "./procfs.ts";

test("a name with spaces and parentheses does not shift the fields", () => {
  const fields = Array.from({ length: 49 }, (_, index) => index + 4);
  expect(parseStat(`42 (a) b) (c) S ${fields.join(" ")}`)).toEqual({
    pid: 42,
    comm: "a) b) (c",
    state: "S",
    parent: 4,
    session: 6,
    threads: 20,
    startTime: 22,
  });
  expect(parseStat("")).toBeNull();
});

test("this process is itself, and not one of another time", () => {
  const time = startTimeOf(process.pid) ?? 0;
  expect(isSameProcess({ pid: process.pid, startTime: time })).toBe(true);
  expect(isSameProcess({ pid: process.pid, startTime: time - 1 })).toBe(false);
  expect(startTimeOf(2 ** 30)).toBeNull();
});

test("a process that starts from now on is at most a minute younger than the start time of now, and not older", () => {
  const now = startTimeNow();
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  const start = startTimeOf(child.pid ?? 0) ?? 0;
  child.kill("SIGKILL");
  expect(start).toBeGreaterThanOrEqual(now);
  expect(start - now).toBeLessThan(6000);
});
