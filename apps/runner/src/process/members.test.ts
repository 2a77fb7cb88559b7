import { expect, test } from "vitest";
import { descendants, ofUser, uidsIn } from "./members.ts";

test("the tree below a process has all of its descendants", () => {
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

test("pids that were reused while the tree was read cause no endless loop", () => {
  const parents = new Map([
    [5, 6],
    [6, 5],
    [7, 6],
    [8, 10],
  ]);
  expect(descendants(10, parents)).toEqual(new Set([10, 8]));
});

test("a process has a user id as its real, effective, saved or file system id", () => {
  expect(uidsIn("Name:\tsh\nUid:\t1000\t1001\t1002\t1003\nGid:\t5\t5\t5\t5\n")).toEqual([1000, 1001, 1002, 1003]);
  expect(uidsIn("")).toEqual([]);
});

test.each([0, process.getuid?.() ?? 0])("the user id %d does not belong to a run", (uid) => {
  expect(() => ofUser(uid)).toThrow("belongs to no single run");
});
