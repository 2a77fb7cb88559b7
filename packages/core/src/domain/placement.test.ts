import { describe, expect, it } from "vitest";
import {
  countersOf,
  isDeferral,
  missingLabels,
  offersFor,
  deferralWords,
  runsOnOf,
  sortedLabels,
} from "./placement.ts";

it.each([
  [
    ["bug", "runs-on:big", "Runs-On:PI", "runs-on:big"],
    ["big", "pi"],
  ],
  [["runs-on:", "runs-on:a b", "runs-on:../x", `runs-on:${"x".repeat(51)}`], []],
  [[], []],
])("the labels %j need runners with %j", (labels, wanted) => expect(runsOnOf(labels)).toEqual(wanted));

it("labels of a repository and of an issue count together", () => {
  expect(sortedLabels(["pi", "big", "pi"])).toEqual(["big", "pi"]);
  expect(missingLabels(["big", "pi"], ["pi", "big", "fast"])).toBeNull();
  expect(missingLabels(["big", "pi"], ["pi"])).toBe("runs-on:big,pi");
  expect(missingLabels([], [])).toBeNull();
});

it("a run counts in the limits of its repository and of each label that it needs", () => {
  const limits = { per_repository: { "Octo/Hello": 2 }, per_label: { big: 1 } };
  expect(countersOf({ repository: "octo/hello", runsOn: ["big", "pi"] }, limits)).toEqual([
    { name: "limit:repository:octo/hello", most: 2 },
    { name: "limit:label:big", most: 1 },
  ]);
  expect(countersOf({ repository: "octo/other", runsOn: [] }, limits)).toEqual([]);
});

it.each([
  [null, false],
  ["auth", false],
  ["repo:octo/hello", false],
  ["runs-on:big", true],
  ["limit:label:big", true],
  ["format:2", true],
])("the hold %j is one for want of a permit: %j", (hold, is) => expect(isDeferral(hold)).toBe(is));

describe("offers", () => {
  const runners = [
    { labels: ["big"], format: 1, slots: 2, busy: 2 },
    { labels: ["big", "pi"], format: 2, slots: 3, busy: 1 },
    { labels: [], format: 0, slots: 9, busy: 0 },
  ];
  it.each([
    ["runs-on:big", true, 5],
    ["runs-on:big", false, 2],
    ["runs-on:big,pi", true, 3],
    ["runs-on:gpu", true, 0],
    ["format:2", true, 3],
    ["format:3", true, 0],
  ])("for %s, others wait: %j: %d", (reason, othersWait, count) => {
    expect(offersFor(reason, { runners, othersWait })).toBe(count);
  });
});

it.each([
  ["runs-on:big", /a runner with the label big$/],
  ["runs-on:big,pi", /labels big, pi$/],
  ["format:2", /^a newer version of tac8 has worked on this issue/],
  ["limit:label:big", /runs with the label big is reached \(limits\.per_label/],
  ["limit:repository:octo/hello", /runs for octo\/hello is reached \(limits\.per_repository/],
])("%s in words", (reason, wanted) => expect(deferralWords(reason)).toMatch(wanted));
