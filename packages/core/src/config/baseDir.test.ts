import { expect, test } from "vitest";
import { baseDirProblem } from "./baseDir.ts";

test.each(["tmp", "./tmp/", "tmp/trees", "prompts", "/data/homes", "/data//issues/", "/data/logs/trees"])(
  "worktrees are in no folder of tac8's own: %s",
  (baseDir) => {
    expect(baseDirProblem("/data", baseDir)).toMatch(
      /^found ".*", which tac8 uses for other files; expected another folder/,
    );
  },
);

test.each([
  "trees",
  "home",
  "git",
  ".",
  "a/tmp",
  "homes",
  "/data/trees",
  "/data/workspaces",
  "/tmp",
  "/homes",
  "/data",
])("any other folder is fine: %s", (baseDir) => {
  expect(baseDirProblem("/data", baseDir)).toBeNull();
});
