import { expect, test } from "vitest";
import { nameToken } from "./tokenName.ts";

test("the token is named by where it comes from", () => {
  expect(nameToken({ kind: "token", token: "t", source: "GITHUB_TOKEN" })).toBe("GITHUB_TOKEN");
  expect(nameToken({ kind: "token", token: "t", source: "/data/github-token" })).toBe(
    "the GitHub token in /data/github-token",
  );
  expect(nameToken(null)).toBe("GITHUB_TOKEN");
});
