import { expect, test } from "vitest";
import { descendants, ofUser, uidsIn } from "./members.ts";

test("the tree below a process is everything whose ancestor it is", () => {
  const parents = new Map([
    [1, 0],
    [10, 1],
    [11, 10],
    [12, 11],
    [13, 10],
    [20, 1],
    [21, 20],
  ]);
  expect(descendants(10, parents)).toEqual(new Set([10, 11, 12, 13]));
  expect([...descendants(21, parents)]).toEqual([21]);
  expect([...descendants(99, parents)]).toEqual([99]);
});

test("pids that were used again while the tree was read make no endless loop", () => {
  const parents = new Map([
    [5, 6],
    [6, 5],
    [7, 6],
    [8, 10],
  ]);
  expect(descendants(10, parents)).toEqual(new Set([10, 8]));
});

test("a process has a user id as real, effective, saved or file system one", () => {
  expect(uidsIn("Name:\tsh\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t5\t5\t5\n")).toEqual([1000, 1001, 1002, 1003]);
  expect(uidsIn("")).toEqual([]);
});

test.each([0, process.getuid?.() ?? 0])("the user id %d is no run's", (uid) => {
  expect(() => ofUser(uid)).toThrow("belongs to no single run");
});
