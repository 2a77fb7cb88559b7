import { expect, test } from "vitest";
import { StepFailure, afterFailure } from "@tac8/core/domain/failures";
import { GitHubError, type GitHubErrorKind } from "@tac8/core/github/errors";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { LockTimeout } from "@tac8/core/process/flock";
import { failureOf } from "./failureOf.ts";

function githubError(
  kind: GitHubErrorKind,
  { retryAt = null, call = "POST /repos/o/r/pulls" }: Expected = {},
): GitHubError {
  return new GitHubError({ kind, status: null, retryAt, call, detail: "said" });
}

interface Expected {
  readonly retryAt?: number | null;
  readonly call?: string;
}

test.each([
  { kind: "unavailable", is: "github", whole: undefined },
  { kind: "rate-limit", is: "github", whole: undefined },
  { kind: "unauthorized", is: "refused", whole: true },
  { kind: "forbidden", is: "refused", whole: true },
  { kind: "not-found", is: "refused", whole: true },
  { kind: "removed", is: "refused", whole: undefined },
  { kind: "invalid", is: "refused", whole: undefined },
] as const)("GitHub's $kind is $is", ({ kind, is, whole }) => {
  const failure = failureOf(githubError(kind));
  expect(failure).toMatchObject({ kind: is, message: expect.stringContaining("POST /repos/o/r/pulls") as string });
  expect(failure.wholeRepository).toBe(whole);
});

test.each([
  { call: "GET /repos/o/r", whole: true },
  { call: "GET /repos/o/r/pulls", whole: true },
  { call: "GET /repos/o/r/collaborators/1/permission", whole: true },
  { call: "GET /repos/issues/7/pulls", whole: true },
  { call: "GET /repos/o/r/issues/7", whole: undefined },
  { call: "GET /repos/o/r/issues/7/comments", whole: undefined },
  { call: "GET /repos/o/r/issues/7/events", whole: undefined },
  { call: "POST /repos/o/r/issues/7/labels", whole: undefined },
  { call: "PATCH /repos/o/r/issues/comments/7", whole: undefined },
  { call: "GET /repos/o/r/pulls/7", whole: undefined },
])("$call refused holds the whole repository: $whole", ({ call, whole }) => {
  for (const kind of ["forbidden", "not-found"] as const) {
    expect(failureOf(githubError(kind, { call })).wholeRepository).toBe(whole);
  }
  expect(failureOf(githubError("unauthorized", { call })).wholeRepository).toBe(true);
  expect(failureOf(githubError("removed", { call })).wholeRepository).toBeUndefined();
});

test.each(["personal access token", "integration"])("a permission that a %s lacks affects every issue", (what) => {
  const detail = `Resource not accessible by ${what} (the token lacks the permission issues: write)`;
  const call = "POST /repos/o/r/issues/7/comments";
  const error = new GitHubError({ kind: "forbidden", status: 403, retryAt: null, call, detail });
  expect(failureOf(error)).toMatchObject({ kind: "refused", wholeRepository: true });
});

test("the time from GitHub at which a rate limit ends is kept", () => {
  expect(failureOf(githubError("rate-limit", { retryAt: 12_345 })).until).toBe(12_345);
});

test("a full disk is recognized", () => {
  const error = new Error("ENOSPC: no space left on device, open '/data/prompts/gh-1.md'");
  expect(failureOf(error)).toEqual({ kind: "disk", message: error.message });
});

test("the failure of a step is kept", () => {
  const failure = { kind: "no-changes", message: "nothing" } as const;
  expect(failureOf(new StepFailure(failure))).toBe(failure);
});

test.each([
  [new TypeError("x is not a function\n    at y"), "unexpected: x is not a function"],
  ["a text", "unexpected: a text"],
  [new Error("z".repeat(10_000)), `unexpected: ${"z".repeat(488)}`],
])("an unexpected error becomes a retried failure with one short line", (error, message) => {
  expect(failureOf(error)).toEqual({ kind: "git", message });
});

fieldTest("F10", "a lock that another run holds for long uses no attempt", () => {
  const failure = failureOf(new LockTimeout("/home/repos/octo/widgets.lock", 120_000));
  const next = afterFailure(failure, { made: 2, max: 3, parked: 0, noChanges: 0 }, 1, Date.now());
  expect(next).toMatchObject({ do: "park" });
});
