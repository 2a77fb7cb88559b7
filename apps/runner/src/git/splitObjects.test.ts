import { expect, test } from "vitest";
import { splitObjects } from "./splitObjects.ts";

const split = (text: string, count: number, type: "blob" | "commit" = "blob") => {
  const found = splitObjects(Buffer.from(text), { count, type });
  return typeof found === "string" ? found : found.map(String);
};

test("contents are split by their sizes, also if they look like the next object", () => {
  expect(split("blob 11\nblob 3\nabc\n\nblob 0\n\n", 2)).toEqual(["blob 3\nabc\n", ""]);
  expect(split("", 0)).toEqual([]);
});

test.each([
  ["a missing object", "abc missing\n"],
  ["another type", "tree 3\nabc\n"],
  ["no output", ""],
  ["an output that ends early", "blob 3"],
])("%s is returned as git's line", (_, text) => {
  expect(split(text, 1)).toBe(text.split("\n")[0]);
});
