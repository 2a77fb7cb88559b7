import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mutate } from "./mutants/mutate.ts";
import { MUTANTS } from "./mutants/mutants.ts";
import { resultOf } from "./mutants/runTest.ts";
import { shardOf } from "./mutants/shard.ts";

const root = join(import.meta.dirname, "..");

test.each(MUTANTS)(
  "the text of the mutant $name is in its file exactly once, and its test file exists",
  ({ file, test, ...change }) => {
    expect(mutate(readFileSync(join(root, file), "utf8"), change)).not.toBeNull();
    expect(existsSync(join(root, test.file))).toBe(true);
  },
);

test("each name is unique", () => {
  const names = MUTANTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test("each mutant is in one shard, and a shard that does not exist is empty", () => {
  const shards = ["1/3", "2/3", "3/3"].map((shard) => shardOf(MUTANTS, shard));
  expect(shards.flat().toSorted((a, b) => MUTANTS.indexOf(a) - MUTANTS.indexOf(b))).toEqual(MUTANTS);
  for (const shard of ["0/3", "4/3", "3", "1/0", "a/3"]) expect(shardOf(MUTANTS, shard)).toEqual([]);
});

test("a mutant whose text is not in the file exactly once, or that changes nothing, is stale", () => {
  expect(mutate("a b", { find: "b", replace: "$&c" })).toBe("a $&c");
  expect(mutate("a b b", { find: "b", replace: "c" })).toBeNull();
  expect(mutate("a", { find: "b", replace: "c" })).toBeNull();
  expect(mutate("b", { find: "b", replace: "b" })).toBeNull();
});

test("a test file that could not be loaded, or in which no test ran, gives no result", () => {
  const report = (...statuses) => ({
    testResults: [{ assertionResults: statuses.map((status) => ({ fullName: "a job is kept", status })) }],
  });
  expect(resultOf(report("skipped", "passed"), "is kept").colour).toBe("green");
  expect(resultOf(report("passed", "failed"), "is kept").colour).toBe("red");
  expect(resultOf(report("skipped"), "is kept").colour).toBe("none");
  expect(resultOf(report(), "is kept").colour).toBe("none");
});

test("the result of a name is that of its own tests", () => {
  const assertionResults = [
    { fullName: "a job is kept", status: "passed" },
    { fullName: "a lock is released", status: "failed" },
  ];
  expect(resultOf({ testResults: [{ assertionResults }] }, "is kept").colour).toBe("green");
  expect(resultOf({ testResults: [{ assertionResults }] }, "is released").colour).toBe("red");
});
