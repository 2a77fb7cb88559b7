import { StepFailure } from "@tac8/core/domain/failures";
import { expect, test } from "vitest";
import { commitOf, isAncestor, mergeBase } from "./openGit.ts";
import type { GitAnswer } from "./runGit.ts";
import { gitFromRun } from "./gitFromRun.ts";

const git = ({ code, out = "", stderr = "" }: { code?: number; out?: string; stderr?: string }) =>
  gitFromRun(() =>
    Promise.resolve<GitAnswer>({
      code,
      bytes: Buffer.from(out),
      stderr,
      errorText: stderr || "Command was killed: git",
    }),
  );

test("the output of git is trimmed", async () => {
  expect(await git({ code: 0, out: " abc\n\n" }).raw(["x"])).toBe("abc");
});

test("an error has the complete output of git, or its exit code", async () => {
  await expect(git({ code: 128, out: "out\n", stderr: "fatal: no" }).raw(["x"])).rejects.toThrow(/^out\nfatal: no$/);
  await expect(git({ code: 128 }).raw(["x"])).rejects.toThrow(/^exit code 128$/);
});

test("a refusal is a result: no such commit, no common history, no ancestor", async () => {
  expect(await commitOf(git({ code: 1 }), "x")).toBeNull();
  expect(await mergeBase(git({ code: 1 }), "a", "b")).toBeNull();
  expect(await isAncestor(git({ code: 128, stderr: "fatal: bad object" }), "a", "b")).toBe(false);
});

test("a git that was killed has no result, whatever it printed before", async () => {
  for (const stderr of ["", "warning: something"]) {
    const failed = expect.objectContaining({ failure: expect.objectContaining({ kind: "git" }) });
    await expect(commitOf(git({ stderr }), "x")).rejects.toEqual(failed);
    await expect(isAncestor(git({ stderr }), "a", "b")).rejects.toThrow(StepFailure);
  }
});

test("a git that was stopped has no result", async () => {
  const stopped = gitFromRun(() => Promise.reject(new Error("the run was stopped")));
  await expect(commitOf(stopped, "x")).rejects.toThrow("the run was stopped");
  await expect(isAncestor(stopped, "a", "b")).rejects.toThrow("the run was stopped");
});

test("a merge base that git could not look for is not reported as missing", async () => {
  await expect(mergeBase(git({ code: 128, stderr: "fatal: bad object" }), "a", "b")).rejects.toThrow(
    "fatal: bad object",
  );
});
