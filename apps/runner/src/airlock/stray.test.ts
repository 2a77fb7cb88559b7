import { expect, test } from "vitest";
import { strayInBoth, straySubmodules, whyStrayLink } from "./stray.ts";

test.each<[string, string, boolean]>([
  ["a", "b", false],
  ["a", "./b/c", false],
  ["d/a", "../b", false],
  ["d/e/a", "../../b/c.txt", false],
  ["a", "..b", false],
  ["a", "/etc/passwd", true],
  ["a", "../x", true],
  ["d/a", "../../x", true],
  ["d/a", "..", false],
  ["a", "..", true],
  // `c` may be a link to the top folder.
  ["a", "c/../x", true],
  ["d/a", "../c/..", true],
  ["a", ".git/config", true],
  ["d/a", "../.GIT/hooks", true],
  ["a", String.raw`..\x`, true],
  ["a", "C:/x", true],
  ["a", "", true],
  ["x", "..\0/a", true],
  ["x", "a\nb", true],
  ["x", "a\u007f", true],
])("a link at %s to %j leads out of the repository: %s", (path, target, leadsOut) => {
  expect(whyStrayLink(path, target) !== null).toBe(leadsOut);
});

test("a link that is longer than any path is stray", () => {
  expect(whyStrayLink("a", null)).toBe("a link whose target is longer than any path");
  expect(whyStrayLink("a", "")).toBe("an empty link");
});

const module = (...urls: string[]) =>
  new Map([
    ["submodule.lib.path", ["lib"]],
    ["submodule.lib.url", urls],
  ]);

test.each<[string, boolean]>([
  ["https://github.com/octo/lib.git", true],
  ["../lib.git", true],
  ["./lib", true],
  ["http://github.com/octo/lib.git", false],
  ["git@github.com:octo/lib.git", false],
  ["ssh://git@github.com/octo/lib.git", false],
  ["https://token@github.com/octo/lib.git", false],
  ["ext::sh -c evil", false],
  ["file:///etc", false],
  ["/srv/lib", false],
  ["-u./evil", false],
  ["../lib:evil", false],
])("a submodule's URL %s is allowed: %s", (url, isFine) => {
  const found = straySubmodules(["lib"], { before: new Map(), after: module(url) });
  expect(found.map(({ path }) => path)).toEqual(isFine ? [] : ["lib"]);
});

test("an entry that the base branch already has is not stray", () => {
  const modules = module("git@github.com:octo/lib.git");
  expect(straySubmodules(["lib"], { before: modules, after: modules })).toEqual([]);
});

test("each of several URLs is checked, also if their order changes", () => {
  const [fine, other] = ["https://github.com/octo/lib.git", "git@github.com:octo/lib.git"];
  const found = (before: string[], after: string[]) =>
    straySubmodules([], { before: module(...before), after: module(...after) }).map(({ path }) => path);
  expect(found([fine], [fine, other])).toEqual(["lib"]);
  expect(found([fine], [other, fine])).toEqual(["lib"]);
  expect(found([other, fine], [fine, other])).toEqual(["lib"]);
  expect(found([other, fine], [other, fine])).toEqual([]);
});

test("a submodule without a URL, an unreadable file, and a command are stray", () => {
  expect(straySubmodules(["other"], { before: null, after: new Map() })).toEqual([
    { path: "other", why: "a submodule without an address" },
  ]);
  expect(straySubmodules([], { before: null, after: null })).toHaveLength(1);
  const command = new Map([...module("../lib"), ["submodule.lib.update", ["!evil", "checkout"]]]);
  expect(straySubmodules(["lib"], { before: null, after: command })).toMatchObject([{ path: "lib" }]);
});

test("a published entry is not withheld again, unless its target has changed", () => {
  const link = { path: "a", why: "a link to an absolute path" };
  const lib = { path: "lib", why: "a submodule without an address" };
  expect(strayInBoth([link, lib], null)).toEqual([link, lib]);
  expect(strayInBoth([link, lib], [lib])).toEqual([lib]);
  expect(strayInBoth([link], [{ ...link, why: "an empty link" }])).toEqual([]);
});
