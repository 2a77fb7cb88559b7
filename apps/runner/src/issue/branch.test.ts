import type { Pull } from "@tac8/core/github/types";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { describe, expect, it } from "vitest";
import { chooseBranch } from "./branch.ts";

const pull = (number: number, state: Pull["state"]) => ({ number, state }) as Pull;

const DEFAULT = "auto/gh-{number}";

async function choose(pulls: Readonly<Record<string, readonly Pull[]>>, pattern = DEFAULT) {
  const asked: string[] = [];
  const choice = await chooseBranch({ issue: 471, pattern }, async (branch) => {
    asked.push(branch);
    return [...(pulls[branch] ?? [])];
  });
  return { branch: choice.branch, pull: choice.pull?.number ?? null, asked };
}

fieldTest(
  "C2",
  "a configured pattern names the branch; an open pull request of the default pattern keeps its branch",
  async () => {
    const pattern = "users/bot/gh-{number}";
    const chosen = async (pulls: Parameters<typeof choose>[0]) => {
      const { branch, pull: number } = await choose(pulls, pattern);
      return [branch, number];
    };
    expect(await chosen({})).toEqual(["users/bot/gh-471", null]);
    expect(await chosen({ "auto/gh-471": [pull(8, "closed")] })).toEqual(["users/bot/gh-471", null]);
    expect(await chosen({ "auto/gh-471": [pull(8, "closed")], "auto/gh-471-2": [pull(9, "open")] })).toEqual([
      "auto/gh-471-2",
      9,
    ]);
    expect(await chosen({ "auto/gh-471": [pull(8, "open")], "users/bot/gh-471": [pull(9, "open")] })).toEqual([
      "users/bot/gh-471",
      9,
    ]);
    expect(await chosen({ "users/bot/gh-471": [pull(9, "closed")] })).toEqual(["users/bot/gh-471-2", null]);
  },
);

describe("the pull request of an issue's branch", () => {
  it.each([
    ["nothing yet", {}, "auto/gh-471", null],
    ["an open one", { "auto/gh-471": [pull(9, "open")] }, "auto/gh-471", 9],
    ["an open one among closed", { "auto/gh-471": [pull(8, "closed"), pull(9, "open")] }, "auto/gh-471", 9],
    ["a closed one", { "auto/gh-471": [pull(9, "closed")] }, "auto/gh-471-2", null],
    [
      "a closed one, then an open one",
      { "auto/gh-471": [pull(8, "closed")], "auto/gh-471-2": [pull(9, "open")] },
      "auto/gh-471-2",
      9,
    ],
    [
      "two closed ones",
      { "auto/gh-471": [pull(8, "closed")], "auto/gh-471-2": [pull(9, "closed")] },
      "auto/gh-471-3",
      null,
    ],
  ])("with %s", async (_, pulls, branch, number) => {
    expect(await choose(pulls)).toMatchObject({ branch, pull: number });
  });

  it("sends only the requests that it needs, and stops after a limit", async () => {
    expect((await choose({})).asked).toEqual(["auto/gh-471"]);
    await expect(chooseBranch({ issue: 471, pattern: DEFAULT }, async () => [pull(1, "closed")])).rejects.toThrow(
      /50 pull requests/,
    );
  });
});
