import { expect, test } from "vitest";
import { branchOf, DEFAULT_BRANCH_PATTERN, isOfPattern, issueOfBranch, whyBadPattern } from "./branchPattern.ts";

const PATTERNS = [
  DEFAULT_BRANCH_PATTERN,
  "users/tac8/gh-{number}",
  "{number}-tac8",
  "bot{number}0",
  "a/{number}/b",
  "x-$&-{number}",
];

test.each(PATTERNS)("names of %s differ from those of other issues", (pattern) => {
  expect(whyBadPattern(pattern)).toBeNull();
  const names = [1, 10, 12, 100, 471].flatMap((issue) =>
    [1, 2, 50].map((round) => ({ issue, branch: branchOf(pattern, { issue, round }) })),
  );
  expect(new Set(names.map(({ branch }) => branch)).size).toBe(names.length);
  for (const { issue, branch } of names) {
    expect([branch, issueOfBranch(pattern, branch)]).toEqual([branch, issue]);
    expect(
      names.filter((other) => isOfPattern(pattern, { issue: other.issue, branch })).map((own) => own.issue),
    ).toEqual([issue, issue, issue]);
  }
});

test.each([
  "main",
  "auto/gh-",
  "auto/gh-x",
  "auto/gh-0",
  "auto/gh-01",
  "auto/gh-1-1",
  "auto/gh-1x",
  "other/auto/gh-1",
  "auto/gh-1-2-3",
])("%s is of no issue", (branch) => {
  expect(issueOfBranch(DEFAULT_BRANCH_PATTERN, branch)).toBeNull();
});

test.each([
  ["", /\{number\}/],
  ["auto/gh", /\{number\}/],
  ["auto/gh-{issue}", /\{number\}/],
  ["{number}/{number}", /exactly one/],
  ["{number}", /more text than/],
  ["12-{number}", /more text than/],
  ["refs/heads/x-{number}", /without refs\/heads/],
  ["heads/x-{number}", /without refs\/heads/],
  ["my branch-{number}", /" "/],
  ["x\n{number}", /"\\n"/],
  ["x~{number}", /"~"/],
  ["x^{number}", /"\^"/],
  ["x:{number}", /":"/],
  ["x?{number}", /"\?"/],
  ["x*{number}", /"\*"/],
  ["x[{number}", /"\["/],
  ["x\\{number}", /"\\\\"/],
  ["x{y}-{number}", /"\{"/],
  ["-x{number}", /start with -/],
  ["/x{number}", /slash/],
  ["x{number}/", /slash/],
  ["x//{number}", /slash/],
  [".x/{number}", /dot/],
  ["x/.{number}", /dot/],
  ["x-{number}.lock", /\.lock/],
  ["x.lock/{number}", /\.lock/],
  ["x..{number}", /\.\./],
  ["x{number}.", /dot at the end/],
  ["büro/{number}", /accents/],
])("%j is no pattern", (pattern, why) => {
  expect(whyBadPattern(pattern)).toMatch(why);
});
