import { expect, it } from "vitest";
import { createLogger } from "../log/logger.ts";
import { GitHubError, type GitHubErrorKind } from "./errors.ts";
import { waitForLogin } from "./waitForLogin.ts";

const log = createLogger({ name: "test", level: "silent", secrets: [] });
const { signal } = new AbortController();
const refusal = (kind: GitHubErrorKind, status: number) =>
  new GitHubError({ kind, status, retryAt: null, call: "GET /user", detail: "Bad credentials" });

/** A GitHub that gives these answers, one after the other. */
function answering(...answers: readonly (string | Error)[]) {
  const left = [...answers];
  const findLogin = async (): Promise<string> => {
    const answer = left.shift();
    if (typeof answer === "string") return answer;
    throw answer ?? new Error("it was asked too often");
  };
  return { github: { findLogin }, left };
}

it.each([
  ["unauthorized", 401],
  ["forbidden", 403],
] as const)("a token that was refused (%s) twice, and is taken then, is good", async (kind, status) => {
  const { github } = answering(refusal(kind, status), refusal(kind, status), "octo");
  expect(await waitForLogin(github, { log, signal, refusalWaitsMs: [0, 0] })).toBe("octo");
});

it("a token that was refused three times is wrong", async () => {
  const { github, left } = answering(...[1, 2, 3].map(() => refusal("unauthorized", 401)), "octo");
  await expect(waitForLogin(github, { log, signal, refusalWaitsMs: [0, 0] })).rejects.toThrow("Bad credentials");
  expect(left).toEqual(["octo"]);
});

it("a stop ends the wait before the token is asked about again", async () => {
  const stop = new AbortController();
  const { github, left } = answering(refusal("unauthorized", 401), "octo");
  const asked = waitForLogin(github, { log, signal: stop.signal });
  stop.abort();
  await expect(asked).rejects.toThrow(/abort/);
  expect(left).toEqual(["octo"]);
});
