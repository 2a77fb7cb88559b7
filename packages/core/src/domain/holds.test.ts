import { describe, expect, it } from "vitest";
import { parseHold, planHolds, repositoryHold, type Hold } from "./holds.ts";

const hold = (name: string, until: number | null): Hold => ({ name, reason: "r", by: "b", since: 0, until });

describe("planHolds", () => {
  it.each([
    ["none", [], false, []],
    ["one without an end", [hold("operator", null)], true, []],
    ["one that continues", [hold("usage-limit", 101)], true, []],
    ["one that is over now", [hold("usage-limit", 100)], false, ["usage-limit"]],
    ["one over, one not", [hold("auth", 1), hold("operator", null)], true, ["auth"]],
    ["a repository's", [hold("repo:octo/a", null)], false, []],
    ["a repository's that is over", [hold("repo:octo/a", 99)], false, ["repo:octo/a"]],
  ])("%s", (_, holds, pauseQueue, expired) => {
    const plan = planHolds(holds, 100);
    expect({ pauseQueue: plan.pauseQueue, expired: plan.expired.map(({ name }) => name) }).toEqual({
      pauseQueue,
      expired,
    });
  });
});

describe("parseHold", () => {
  it("reads what was written", () => {
    const { name, ...rest } = hold("auth", 5);
    expect(parseHold(name, JSON.stringify(rest))).toEqual(hold("auth", 5));
  });

  it.each(["", "{", "null", "{}", '{"reason":"r","by":"b","since":"x","until":null}'])("%j holds nothing", (json) => {
    expect(parseHold("auth", json)).toBeNull();
  });
});

it("names a repository's hold without its case", () => {
  expect(repositoryHold({ owner: "Octo", repo: "Hello.js" })).toBe("repo:octo/hello.js");
});
