import { GitHubError, type GitHubErrorKind } from "@tac8/core/github/errors";
import { describe, expect, it } from "vitest";
import { judgeToken } from "./access.ts";

const api = "https://api.github.com";
const failure = (kind: GitHubErrorKind, status: number | null) =>
  new GitHubError({ kind, status, retryAt: null, call: "GET /x", detail: "said so" });

describe("judgeToken", () => {
  it("refuses a token that GitHub refuses, and waits for a GitHub that is away", () => {
    expect(judgeToken(failure("unauthorized", 401), api).problems).toEqual([
      expect.stringMatching(/GITHUB_TOKEN.*expired/),
    ]);
    expect(judgeToken(failure("unavailable", 502), api)).toMatchObject({
      problems: [],
      warnings: [/*one*/ expect.any(String)],
    });
    expect(judgeToken(new DOMException("late", "TimeoutError"), api).problems).toEqual([]);
  });
});
