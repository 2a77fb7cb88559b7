import { expect, test } from "vitest";
import { affinityPrefix, allowedCores, coresOf } from "./affinity.ts";

const FOUR = [0, 1, 2, 3];

test.each<[number, number, readonly number[] | null]>([
  [1, 0, [0]],
  [1, 3, [3]],
  [1, 4, [0]],
  [0.5, 1, [1]],
  [1.5, 0, [0, 1]],
  [2, 1, [2, 3]],
  [2, 2, [0, 1]],
  [3, 1, [3, 0, 1]],
  [4, 0, null],
  [8, 1, null],
  [0, 0, null],
])("%d cores for slot %d of four: %j", (cpus, slot, cores) => {
  expect(coresOf({ allowed: FOUR, cpus, slot })).toEqual(cores);
});

test("only cores that the runner itself may use", () => {
  expect(coresOf({ allowed: [2, 5], cpus: 1, slot: 1 })).toEqual([5]);
  expect(coresOf({ allowed: [], cpus: 1, slot: 0 })).toBeNull();
  expect(
    allowedCores("Name:\tnode\nCpus_allowed:\tf\nCpus_allowed_list:\t0-2,8,10-11\nMems_allowed_list:\t0\n"),
  ).toEqual([0, 1, 2, 8, 10, 11]);
  expect(allowedCores("")).toEqual([]);
});

test("the prefix of a program", () => {
  expect(affinityPrefix([3, 0])).toEqual(["taskset", "--cpu-list", "3,0"]);
  expect(affinityPrefix(null)).toEqual([]);
});
