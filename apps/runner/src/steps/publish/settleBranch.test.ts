import { expect, test } from "vitest";
import { planRebase } from "./settleBranch.ts";

const pull = { number: 7, url: "https://github.com/octo/widgets/pull/7" };
const merge = (headSha: string) => ({ ...pull, headSha });
const before = { from: "first", onto: "old" };

const work = { headSha: "head", rebase: null };

test.each([
  [
    "a merge",
    { ...work, publishedSha: "pub" },
    { merged: merge("theirs"), onto: "base" },
    { from: "pub", onto: "base", pull },
  ],
  [
    "a merge after a merge",
    { ...work, publishedSha: "pub", rebase: before },
    { merged: merge("pub"), onto: "base" },
    { from: "pub", onto: "base", pull },
  ],
  [
    "a merge just before our push",
    { ...work, publishedSha: "head" },
    { merged: merge("pub"), onto: "base" },
    { from: "pub", onto: "base", pull },
  ],
  ["no merge", { ...work, publishedSha: "pub" }, { merged: null, onto: "base" }, null],
  ["no base any more", { ...work, publishedSha: "pub" }, { merged: merge("pub"), onto: null }, null],
  [
    "nothing pushed since a merge",
    { ...work, publishedSha: null, rebase: before },
    { merged: null, onto: "base" },
    before,
  ],
])("%s", (_what, state, found, expected) => {
  expect(planRebase(state, found)).toEqual(expected);
});
