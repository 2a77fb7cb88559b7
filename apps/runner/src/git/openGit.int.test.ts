import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { oneToken } from "@tac8/core/github/tokens";
import { afterEach, beforeEach, expect, test } from "vitest";
import { breakGit } from "../workspace/testing/breakGit.ts";
import { cleanGit } from "./cleanSide.ts";
import { commitOf, isAncestor } from "./openGit.ts";
import { createRepository } from "./sanitizeRepository.ts";

let dir = "";
let mirrorDir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-open-"));
  mirrorDir = join(dir, "mirror.git");
  await createRepository(mirrorDir);
});
afterEach(() => rm(dir, { recursive: true }));

const gitWith = (env: Record<string, string>) =>
  cleanGit({ url: "https://github.invalid/octo/widgets.git", tokens: oneToken(null), mirrorDir, env }, mirrorDir);
const PATH = process.env["PATH"] ?? "";

test("a commit that a repository of the clean side does not have is null", async () => {
  expect(await commitOf(gitWith({ PATH }), "refs/heads/main")).toBeNull();
  expect(await isAncestor(gitWith({ PATH }), "refs/heads/main", "refs/heads/other")).toBe(false);
});

test("a git of the clean side that is killed has no result", async () => {
  for (const command of ["rev-parse", "merge-base"]) {
    const env = await breakGit({ PATH }, { dir, command, shell: "kill -9 $$" });
    const asked = command === "rev-parse" ? commitOf(gitWith(env), "main") : isAncestor(gitWith(env), "a", "b");
    await expect(asked).rejects.toThrow(StepFailure);
  }
});
