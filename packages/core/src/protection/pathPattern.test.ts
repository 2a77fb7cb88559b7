import { expect, test } from "vitest";
import { pathMatcher, whyBadPathPattern, type TreeEntry } from "./pathPattern.ts";

const file = (path: string) => ({ path, isIndirect: false });
const link = (path: string) => ({ path, isIndirect: true });
const matches = (pattern: string, entry: TreeEntry) => pathMatcher([["key", [pattern]]])(entry).has("key");

test.each<[string, string, boolean]>([
  [".github/workflows/**", ".github/workflows/ci.yml", true],
  [".github/workflows/**", ".github/workflows/a/b.yml", true],
  [".github/workflows/**", ".github/workflows", true],
  [".github/workflows/**", ".GitHub/Workflows/CI.yml", true],
  [".github/workflows/**", ".github/workflows2/ci.yml", false],
  [".github/workflows/**", "docs/.github/workflows/ci.yml", false],
  [".github/workflows/**", "xgithub/workflows/ci.yml", false],
  ["**/CLAUDE.md", "CLAUDE.md", true],
  ["**/CLAUDE.md", "a/b/claude.md", true],
  ["**/CLAUDE.md", "a/NOTCLAUDE.md", false],
  ["**/CLAUDE.md", "CLAUDE.md/x", false],
  ["**/.claude/**", "a/.claude/settings.json", true],
  ["src/*.ts", "src/a.ts", true],
  ["src/*.ts", "src/b/a.ts", false],
  ["src/?.ts", "src/a.ts", true],
  ["src/?.ts", "src/ab.ts", false],
  ["a/**/b", "a/b", true],
  ["a/**/b", "a/x/y/b", true],
  ["**", "any/thing", true],
  ["*a*b*", "xxaxxb", true],
  ["*a*b*", "xxbxxa", false],
  ["a/**/b/**/c", "a/b/x/b/c", true],
  ["a/**/b/**/c", "a/x/c", false],
  ["a(b)+.txt", "a(b)+.txt", true],
])("%s and %s: %s", (pattern, path, does) => {
  expect(matches(pattern, file(path))).toBe(does);
});

test.each<[string, string]>([
  [".github/workflows/**", ".github"],
  ["**/.claude/skills/x.md", "deep/.claude"],
])("%s: a link in the place of the folder %s", (pattern, path) => {
  expect(matches(pattern, link(path))).toBe(true);
  expect(matches(pattern, file(path))).toBe(false);
  expect(matches(pattern, link(`${path}x`))).toBe(false);
});

test("a pattern cannot make a comparison slow", () => {
  expect(matches("**/*a*a*a*a*a*b", file("a".repeat(4000)))).toBe(false);
});

test("each list that a path is in, whatever names the patterns share, and in whatever order", () => {
  const match = pathMatcher([
    ["first", ["docs/**", "**/x/docs"]],
    ["second", ["**/docs/*.md", "*.txt"]],
    ["third", ["docs/a.md", "**"]],
    ["none", ["docs", "a.md/docs", "docs/b.md"]],
  ]);
  expect([...match(file("Docs/a.md"))].toSorted()).toEqual(["first", "second", "third"]);
  expect([...match(file("y/x/docs"))].toSorted()).toEqual(["first", "third"]);
  expect([...match(file("a.txt"))].toSorted()).toEqual(["second", "third"]);
});

test.each(["", "/etc", "./a", "a{b,c}", "[ab]", "x".repeat(201)])("%j is no pattern", (pattern) => {
  expect(whyBadPathPattern(pattern)).not.toBeNull();
});
