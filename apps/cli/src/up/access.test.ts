import { GitHubError, type GitHubErrorKind } from "@tac8/core/github/errors";
import { describe, expect, it } from "vitest";
import { evaluateToken } from "./access.ts";

const api = "https://api.github.com";
const failure = (kind: GitHubErrorKind, status: number | null) =>
  new GitHubError({ kind, status, retryAt: null, call: "GET /x", detail: "said so" });

describe("evaluateToken", () => {
  it("reports a token that GitHub rejects as a problem, and an unreachable GitHub as a warning", () => {
    expect(evaluateToken(failure("unauthorized", 401), { apiUrl: api, token: "GITHUB_TOKEN" }).problems).toEqual([
      expect.stringMatching(/GITHUB_TOKEN.*expired/),
    ]);
    const token = "the GitHub token in /data/github-token";
    expect(evaluateToken(failure("unauthorized", 401), { apiUrl: api, token }).problems).toEqual([
      expect.stringContaining(`rejects ${token}`),
    ]);
    const app = { apiUrl: api, token: "the GitHub App 5" };
    expect(evaluateToken(failure("unauthorized", 404), app).problems).toEqual(["said so"]);
    expect(evaluateToken(failure("unauthorized", 401), app).problems).toEqual([
      "GitHub rejects the GitHub App 5 (said so): check that github.app_id is the App of this private key",
    ]);
    expect(evaluateToken(failure("unavailable", 502), { apiUrl: api, token: "GITHUB_TOKEN" })).toMatchObject({
      problems: [],
      warnings: [/*one*/ expect.any(String)],
    });
    expect(
      evaluateToken(new DOMException("late", "TimeoutError"), { apiUrl: api, token: "GITHUB_TOKEN" }).problems,
    ).toEqual([]);
  });
});
