import { expect, test } from "vitest";
import { newName } from "./rename.ts";

const scope = { issue: 47, pattern: "users/bot/gh-{number}" };
const newest = "users/bot/gh-47";

test.each([
  ["auto/gh-47", null, newest],
  ["older/47-x-2", null, newest],
  ["auto/gh-47", "a".repeat(40), null],
  [newest, null, null],
  [`${newest}-2`, null, null],
  ["main", null, null],
  ["release-4", null, null],
  ["auto/gh-471", null, null],
  [null, null, null],
])("the branch %j, published %j, becomes %j", (branch, publishedSha, expected) => {
  expect(newName({ branch: { name: branch, published: publishedSha } }, scope)).toBe(expected);
});
