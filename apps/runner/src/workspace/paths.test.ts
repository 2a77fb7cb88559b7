import { basename, dirname, join, relative } from "node:path";
import { baseDirProblem } from "@tac8/core/config/baseDir";
import { expect, test } from "vitest";
import { workspacePaths } from "./paths.ts";

const issue = { owner: "Octo", repo: "Widgets", number: 7 };

test.each(["trees", "/elsewhere"])("no trusted file is in a folder to which an agent writes (%s)", (baseDir) => {
  const { tree, gitDir, tmpDir, homeDir, former: _, ...believed } = workspacePaths("/home", baseDir, issue);
  for (const path of Object.values(believed)) {
    expect(path).toMatch(/^\/home\/issues\/octo\/widgets\/gh-7/);
    for (const folder of [tree, gitDir, tmpDir, homeDir]) expect(relative(folder, path)).toMatch(/^\.\./);
  }
});

test("no two issues share a path", () => {
  const all = [issue, { ...issue, number: 77 }, { ...issue, repo: "other" }].flatMap((ref) => {
    const { former, ...paths } = workspacePaths("/home", "trees", ref);
    return [...Object.values(paths), ...Object.values(former)];
  });
  expect(new Set(all).size).toBe(all.length);
});

/** Names beside the worktrees and in the data folder that are used for other files. */
const taken = Object.values(layout("trees")).flatMap((path) => [
  basename(dirname(path)),
  join("/home", relative("/home", path).split("/")[0] ?? ""),
]);

function layout(baseDir: string): Record<string, string> {
  const { former, ...paths } = workspacePaths("/home", baseDir, issue);
  return { ...paths, formerPrompt: former.promptFile };
}

test.each(["home", ".", "/home/trees", ...new Set(taken)])(
  "worktrees are in no other folder of tac8: %s",
  (baseDir) => {
    if (baseDirProblem("/home", baseDir) !== null) return; // The configuration is refused.
    const { tree = "", ...others } = layout(baseDir);
    for (const path of Object.values(others)) {
      expect(relative(tree, path)).toMatch(/^\.\./);
      expect(relative(path, tree)).toMatch(/^\.\./);
    }
  },
);
