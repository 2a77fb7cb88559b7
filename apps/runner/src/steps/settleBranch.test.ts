import { expect, test } from "vitest";
import { planRebase } from "./settleBranch.ts";

const before = { from: "first", onto: "old" };

test.each([
  ["a merge", { publishedSha: "pub", rebase: null }, { merged: true, onto: "base" }, { from: "pub", onto: "base" }],
  [
    "a merge after a merge",
    { publishedSha: "pub", rebase: before },
    { merged: true, onto: "base" },
    { from: "pub", onto: "base" },
  ],
  ["no merge", { publishedSha: "pub", rebase: null }, { merged: false, onto: "base" }, null],
  ["no base any more", { publishedSha: "pub", rebase: null }, { merged: true, onto: null }, null],
  ["nothing pushed since a merge", { publishedSha: null, rebase: before }, { merged: false, onto: "base" }, before],
])("%s", (_what, state, found, expected) => {
  expect(planRebase(state, found)).toEqual(expected);
});
