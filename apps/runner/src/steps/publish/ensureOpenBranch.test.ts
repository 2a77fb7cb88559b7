import { expect, test } from "vitest";
import { planRebase } from "./ensureOpenBranch.ts";

const pull = { number: 7, url: "https://github.com/octo/widgets/pull/7" };
const merge = (headSha: string) => ({ ...pull, headSha });
const before = { from: "first", onto: "old" };

const work = { head: "head", rebase: null };

test.each([
  [
    "a merge",
    { ...work, published: "pub" },
    { merged: merge("theirs"), onto: "base" },
    { from: "pub", onto: "base", pull },
  ],
  [
    "a merge after a merge",
    { ...work, published: "pub", rebase: before },
    { merged: merge("pub"), onto: "base" },
    { from: "pub", onto: "base", pull },
  ],
  [
    "a merge just before the push",
    { ...work, published: "head" },
    { merged: merge("pub"), onto: "base" },
    { from: "pub", onto: "base", pull },
  ],
  ["no merge", { ...work, published: "pub" }, { merged: null, onto: "base" }, null],
  ["a missing base", { ...work, published: "pub" }, { merged: merge("pub"), onto: null }, null],
  [
    "nothing pushed since a merge",
    { ...work, published: null, rebase: before },
    { merged: null, onto: "base" },
    before,
  ],
])("%s", (_what, state, found, expected) => {
  expect(planRebase({ branch: state }, found)).toEqual(expected);
});
