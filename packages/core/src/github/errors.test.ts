import { expect, test } from "vitest";
import { GitHubError, isRefusedRequest, type GitHubErrorKind } from "./errors.ts";

const failure = (kind: GitHubErrorKind) =>
  new GitHubError({ kind, status: null, retryAt: null, call: "POST /repos/o/r/issues/1/comments", detail: "no" });

test.each<[GitHubErrorKind, boolean]>([
  ["unavailable", false],
  ["rate-limit", false],
  ["unauthorized", false],
  ["forbidden", true],
  ["not-found", true],
  ["removed", true],
  ["invalid", true],
])("%s refuses the request itself: %s", (kind, expected) => {
  expect(isRefusedRequest(failure(kind))).toBe(expected);
});

test("an error that is not of GitHub refuses nothing", () => {
  expect(isRefusedRequest(new Error("ECONNRESET"))).toBe(false);
});
