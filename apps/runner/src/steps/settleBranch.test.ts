import { expect, test } from "vitest";
import { planRebase } from "./settleBranch.ts";

const before = { from: "first", onto: "old" };

const work = { headSha: "head", rebase: null };

test.each([
  ["a merge", { ...work, publishedSha: "pub" }, { merged: "theirs", onto: "base" }, { from: "pub", onto: "base" }],
  [
    "a merge after a merge",
    { ...work, publishedSha: "pub", rebase: before },
    { merged: "pub", onto: "base" },
    { from: "pub", onto: "base" },
  ],
  [
    "a merge just before our push",
    { ...work, publishedSha: "head" },
    { merged: "pub", onto: "base" },
    { from: "pub", onto: "base" },
  ],
  ["no merge", { ...work, publishedSha: "pub" }, { merged: null, onto: "base" }, null],
  ["no base any more", { ...work, publishedSha: "pub" }, { merged: "pub", onto: null }, null],
  [
    "nothing pushed since a merge",
    { ...work, publishedSha: null, rebase: before },
    { merged: null, onto: "base" },
    before,
  ],
])("%s", (_what, state, found, expected) => {
  expect(planRebase(state, found)).toEqual(expected);
});
