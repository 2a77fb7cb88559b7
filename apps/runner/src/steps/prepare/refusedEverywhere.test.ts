import { expect, test } from "vitest";
import { GitHubError, type GitHubErrorKind } from "@tac8/core/github/errors";
import { isRefusedEverywhere, refusedEverywhere } from "./refusedEverywhere.ts";

const NO_ACCESS = "Resource not accessible by personal access token";
const refusal = (kind: GitHubErrorKind, detail = NO_ACCESS) =>
  new GitHubError({ kind, status: null, retryAt: null, call: "POST /repos/o/r/issues/1/comments", detail });

test.each<[string, GitHubErrorKind, string, boolean, "found" | "missing" | null, boolean]>([
  ["a read-only token", "forbidden", NO_ACCESS, false, null, true],
  ["an app without the permission", "forbidden", "Resource not accessible by integration", false, null, true],
  ["an organization's sign-on", "forbidden", "Resource protected by organization SAML enforcement.", false, null, true],
  ["an archived repository", "forbidden", "Repository was archived so is read-only.", false, null, true],
  ["an expired token", "unauthorized", "Bad credentials", false, null, true],
  ["a classic token without the scope", "not-found", "Not Found", false, "found", true],
  ["an issue that was deleted meanwhile", "not-found", "Not Found", false, "missing", false],
  ["a locked issue", "forbidden", "Unable to create comment because issue is locked.", true, null, false],
  [
    "an issue that was locked meanwhile",
    "forbidden",
    "Unable to create comment because issue is locked.",
    false,
    null,
    false,
  ],
  ["an author that blocks the account", "forbidden", "User is blocked", false, null, false],
  ["an outage", "unavailable", "", false, null, false],
  ["a rate limit", "rate-limit", "", false, null, false],
  ["a refused text", "invalid", "Body is too long", false, null, false],
])(
  "%s: %s %j, locked: %s, then %s: refused in the whole repository: %s",
  (_name, kind, detail, locked, after, everywhere) => {
    expect(isRefusedEverywhere(refusal(kind, detail), { locked }, after)).toBe(everywhere);
  },
);

test("holds the repository, and quotes GitHub's message", () => {
  const failure = refusedEverywhere(refusal("forbidden"));
  expect(failure).toMatchObject({
    kind: "refused",
    wholeRepository: true,
    message: expect.stringContaining(NO_ACCESS),
  });
});
