import { NO_USAGE } from "@tac8/core/domain/usage";
import { expect, test } from "vitest";
import { pullWords } from "./pullWords.ts";

const [OLD, NEW] = ["a".repeat(40), "b".repeat(40)];

test.each([
  ["a new one", null, NEW, null, "pull request #7 after"],
  ["an updated one", OLD, NEW, null, "pull request #7 updated after"],
  ["an unchanged one", OLD, OLD, null, "pull request #7 unchanged after"],
  ["one after an answer", OLD, NEW, "yes", "pull request #7 unchanged after"],
] as const)("%s", (_, prBefore, headSha, hasAnswer, words) => {
  const output = pullWords({
    pull: { number: 7, headBefore: prBefore },
    branch: { head: headSha },
    work: { isAnswer: hasAnswer },
    agent: { usage: { ...NO_USAGE, durationMs: 3000 } },
  });
  expect(output).toMatch(new RegExp(`^${words} 3 s`));
});
