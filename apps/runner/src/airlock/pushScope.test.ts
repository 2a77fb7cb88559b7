import { StepFailure } from "@tac8/core/domain/failures";
import { expect, test } from "vitest";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { assertInScope, whyOutOfScope } from "./pushScope.ts";

const scope = { issue: 471, pattern: "auto/gh-{number}", base: "main", defaultBranch: "main" };

fieldTest(
  "C2",
  "the scope follows the configured pattern, and keeps the default one for pull requests from before",
  () => {
    const users = { ...scope, pattern: "users/bot/{number}" };
    const inScope = (branch: string) => whyOutOfScope(branch, users) === null;
    expect(["users/bot/471", "users/bot/471-2", "auto/gh-471", "auto/gh-471-2"].map(inScope)).toEqual(
      Array(4).fill(true),
    );
    expect(
      ["users/bot/472", "users/bot/4711", "users/bot/471-1", "auto/gh-472", "users/other/471"].map(inScope),
    ).toEqual(Array(5).fill(false));
    expect(whyOutOfScope("users/bot/471", { ...users, defaultBranch: "users/bot/471" })).toContain("default branch");
    expect(whyOutOfScope("users/bot/471", scope)).toContain("it is not a branch of issue 471");
  },
);

test.each(["auto/gh-471", "auto/gh-471-2", "auto/gh-471-10", "auto/gh-471-50"])(
  "%j is a branch of the issue",
  (branch) => {
    expect(whyOutOfScope(branch, scope)).toBeNull();
  },
);

test.each([
  "",
  "main",
  "HEAD",
  "refs/heads/main",
  "refs/heads/auto/gh-471",
  "heads/auto/gh-471",
  "/auto/gh-471",
  "auto//gh-471",
  "auto/gh-",
  "auto/gh-47",
  "auto/gh-472",
  "auto/gh-4711",
  "auto/gh-0471",
  "auto/gh-+471",
  "auto/gh-471/",
  "auto/gh-471/../main",
  "auto/gh-471.lock",
  "auto/gh-471-",
  "auto/gh-471-0",
  "auto/gh-471-00",
  "auto/gh-471-1", // The branch of the first round has no number.
  "auto/gh-471-02",
  "auto/gh-471--2",
  "auto/gh-471-+2",
  "auto/gh-471-2.0",
  "auto/gh-471-2e0",
  "auto/gh-471-0x2",
  "auto/gh-471-2-3",
  "auto/gh-471-2/main",
  "auto/gh-471_2",
  "auto/gh-471-Infinity",
  "auto/gh-471-NaN",
  "auto/gh-471-9007199254740993",
  "auto/gh-471-２",
  "AUTO/gh-471",
  "Auto/GH-471",
  " auto/gh-471",
  "auto/gh-471 ",
  "auto/gh-471\n",
  "auto/gh-471\r",
  "auto/gh-471\0",
  "auto/gh-471-2\n",
  "auto/gh-471- 2",
  "auto/gh-471\nmain",
  "main\nauto/gh-471",
  "+auto/gh-471",
  "+refs/heads/main",
  "^auto/gh-471",
  ":",
  ":auto/gh-471",
  "auto/gh-471:main",
  "auto/gh-471:refs/heads/main",
  "auto/gh-471@{1}",
  "auto/gh-471~1",
  "auto/gh-471*",
  "*",
  "-",
  "--all",
  "--mirror",
  "-auto/gh-471",
])("%j is not a branch of the issue", (branch) => {
  expect(whyOutOfScope(branch, scope)).toContain("it is not a branch of issue 471");
});

test.each([
  ["the base branch", { base: "auto/gh-471" }, "base branch"],
  ["the default branch", { defaultBranch: "auto/gh-471" }, "default branch"],
])("%s is never a branch of the issue, whatever its name is", (_what, other, words) => {
  expect(whyOutOfScope("auto/gh-471", { ...scope, ...other })).toContain(words);
  expect(whyOutOfScope("auto/gh-471-2", { ...scope, ...other })).toBeNull();
});

test("a refusal is one bounded line, and ends the run", () => {
  expect(() => assertInScope("auto/gh-471", scope)).not.toThrow();
  let failure: unknown;
  try {
    assertInScope(`main\n${"x".repeat(5000)}`, scope);
  } catch (error) {
    failure = error instanceof StepFailure ? error.failure : error;
  }
  expect(failure).toMatchObject({ kind: "refused" });
  const { message } = failure as { message: string };
  expect(message).toMatch(
    /^refused to publish to the branch "main\\nx+…": it is not a branch of issue 471; .* is kept$/,
  );
  expect(message.length).toBeLessThan(400);
});
