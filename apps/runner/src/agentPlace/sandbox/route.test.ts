import { expect, test } from "vitest";
import type { Files } from "../../files/files.ts";
import { isEntry, isOurs, NewFolders, routedFiles } from "./route.ts";

const routes = {
  roots: ["/data/workspaces/o/r/trees/gh-1", "/data/workspaces/o/r/git/gh-1.git"],
  otherFiles: ["/data/workspaces/o/r/prompts/gh-1.md"],
};

test.each([
  ["a root", "/data/workspaces/o/r/trees/gh-1", true],
  ["the folder above it", "/data/workspaces/o/r/trees", true],
  ["a folder further above", "/data/workspaces", false],
  ["a quarantined folder", "/data/workspaces/o/r/trees/gh-1.kept-x", true],
  ["an entry of a quarantined folder", "/data/workspaces/o/r/trees/gh-1.kept-x/.git", true],
  ["a file deeper in a quarantined folder", "/data/workspaces/o/r/trees/gh-1.kept-x/a/b", false],
  ["a repository that is being removed", "/data/workspaces/o/r/git/gh-1.git.going", true],
  ["a file beside", "/data/workspaces/o/r/prompts/gh-1.md", true],
  ["an entry of a root", "/data/workspaces/o/r/trees/gh-1/README.md", false],
  ["another issue's root", "/data/workspaces/o/r/trees/gh-10", false],
  ["a file of the machine", "/etc/passwd", false],
  ["a way out of a root", "/data/workspaces/o/r/trees/gh-1.kept-x/../gh-2", false],
  ["a relative path", "trees/gh-1", false],
  ["bytes", Buffer.from("/data/workspaces/o/r/trees/gh-1"), false],
])("the runner opens %s itself: %j %s", (_what, path, ours) => {
  expect(isOurs(path, routes)).toBe(ours);
});

test.each([
  ["/data/workspaces/o/r/trees/gh-1/STOP", true],
  ["/data/workspaces/o/r/trees/gh-1", false],
  ["/data/workspaces/o/r/trees/gh-1/a/STOP", false],
  ["/data/workspaces/o/r/trees/gh-1/../STOP", false],
])("an entry of a root: %s %s", (path, entry) => {
  expect(isEntry(path, routes)).toBe(entry);
});

test.each([
  ["the runner", "/data/workspaces/o/r/trees/gh-1"],
  ["the sandbox", "/data/workspaces/o/r/trees/gh-1/README.md"],
  ["the sandbox", "/etc/passwd"],
])("%s opens %s, and the other side does not", async (side, path) => {
  const files = (name: string) => ({ realPath: () => Promise.resolve(name) }) as unknown as Files;
  const routed = routedFiles({
    ...routes,
    data: "/data",
    newFolders: new NewFolders(),
    local: files("the runner"),
    inside: () => files("the sandbox"),
    beforeChange: () => Promise.resolve(),
  });
  expect(await routed.realPath(path)).toBe(side);
});

const HOME = "/data/homes/o/r/gh-1";

/** Files with these roots, of which some exist. The answer of `realPath` names who has answered. */
function routedWith(existing: readonly string[], base = "/data") {
  const files = (name: string) =>
    ({
      realPath: () => Promise.resolve(name),
      stat: (path: string) => Promise.resolve(existing.includes(path) ? { kind: "folder" } : null),
      makeFolder: () => Promise.resolve(),
    }) as unknown as Files;
  const newFolders = new NewFolders();
  const routed = routedFiles({
    roots: [HOME],
    otherFiles: [],
    data: base,
    newFolders,
    local: files("the runner"),
    inside: () => files("the sandbox"),
    beforeChange: () => Promise.resolve(),
  });
  return { routed, newFolders };
}

test("the runner opens what is in a root that it has created, until a sandbox shows the root", async () => {
  const { routed, newFolders } = routedWith([]);
  expect(await routed.realPath(`${HOME}/.gitconfig`)).toBe("the sandbox");
  await routed.makeFolder(HOME);
  expect(await routed.realPath(`${HOME}/.claude/settings.json`)).toBe("the runner");
  expect(await routed.realPath(`${HOME}/../gh-2/file`)).toBe("the sandbox");
  expect(await routed.realPath(`${HOME}0/file`)).toBe("the sandbox");
  newFolders.clear();
  expect(await routed.realPath(`${HOME}/.gitconfig`)).toBe("the sandbox");
});

test.each([
  ["an existing root", [HOME], "/data"],
  ["a root outside of the data folder, which another sandbox may show", [], "/other"],
])("%s is no new folder", async (_, existing, data) => {
  const { routed } = routedWith(existing, data);
  await routed.makeFolder(HOME);
  expect(await routed.realPath(`${HOME}/.gitconfig`)).toBe("the sandbox");
});

test("of a new worktree, which git fills with a commit's files, the runner itself only removes and creates entries", async () => {
  const tree = "/data/workspaces/o/r/trees/gh-1";
  const gitDir = "/data/workspaces/o/r/git/gh-1.git";
  const newFolders = new NewFolders({ tree, gitDir });
  [tree, gitDir].forEach((path) => newFolders.add(path));
  expect(newFolders.hold(`${gitDir}/config`)).toBe(true);
  expect(newFolders.hold(`${tree}/link/config`)).toBe(false);
  const paths = [`${tree}/STOP`, `${tree}/link/STOP`, `${tree}/../gh-2`, `${tree}/a/..`, tree];
  expect(paths.filter((path) => newFolders.holdAsEntry(path))).toEqual([`${tree}/STOP`]);
  newFolders.clear();
  expect(newFolders.holdAsEntry(`${tree}/STOP`)).toBe(false);
});

test("the runner itself runs git only in a new repository, while every existing root is new", () => {
  const tree = "/data/workspaces/o/r/trees/gh-1";
  const gitDir = "/data/workspaces/o/r/git/gh-1.git";
  const newFolders = new NewFolders({ tree, gitDir });
  const both = [tree, gitDir];
  expect(newFolders.mayRunGit(gitDir, [])).toBe(false);
  both.forEach((path) => newFolders.add(path));
  expect(newFolders.mayRunGit(gitDir, both)).toBe(true);
  expect(newFolders.mayRunGit(gitDir, [...both, HOME])).toBe(false);
  const others = [tree, `${gitDir}/objects`, "/data/workspaces/o/r/git"];
  expect(others.filter((dir) => newFolders.mayRunGit(dir, both))).toEqual([]);
  newFolders.clear();
  expect(newFolders.mayRunGit(gitDir, both)).toBe(false);
  expect(new NewFolders().mayRunGit(gitDir, [])).toBe(false);
});
