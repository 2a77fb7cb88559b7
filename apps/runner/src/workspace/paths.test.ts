import { relative } from "node:path";
import { expect, test } from "vitest";
import { workspacePaths } from "./paths.ts";

const issue = { owner: "Octo", repo: "Widgets", number: 7 };

test.each(["trees", "/elsewhere"])("nothing that is believed lies where an agent has to write (%s)", (baseDir) => {
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
