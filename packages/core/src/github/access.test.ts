import { describe, expect, it } from "vitest";
import { evaluateRepository } from "./access.ts";
import { GitHubError, type GitHubErrorKind } from "./errors.ts";

const failure = (kind: GitHubErrorKind, status: number | null) =>
  new GitHubError({ kind, status, retryAt: null, call: "GET /x", detail: "said so" });
const found = {
  kind: "found",
  id: 1,
  owner: "o",
  repo: "r",
  defaultBranch: "main",
  canPush: true,
  archived: false,
  private: false,
} as const;

const TOKEN = "the GitHub token in /data/github-token";

describe("evaluateRepository", () => {
  it("is content with a repository that can be pushed to", () => {
    expect(evaluateRepository("o/r", found, TOKEN)).toEqual({ problems: [], warnings: [] });
  });

  it.each([
    [
      "read only",
      { ...found, canPush: false },
      /no write access to o\/r.*Contents, Issues and Pull requests.*Metadata/,
    ],
    ["archived", { ...found, archived: true }, /o\/r is archived/],
    ["missing", { kind: "missing" } as const, /cannot access o\/r.*Contents/],
    ["moved", { kind: "moved", to: "o/new" } as const, /o\/r is now o\/new/],
    ["forbidden", failure("forbidden", 403), /^the GitHub token in \/data\/github-token has no access to o\/r/],
  ])("names the trouble with one that is %s", (_, answer, line) => {
    expect(evaluateRepository("o/r", answer, TOKEN)).toEqual({ problems: [expect.stringMatching(line)], warnings: [] });
  });

  it("only warns where GitHub does not answer", () => {
    expect(evaluateRepository("o/r", failure("unavailable", null), TOKEN)).toMatchObject({
      problems: [],
      warnings: [expect.any(String)],
    });
  });
});
