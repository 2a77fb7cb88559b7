import { expect, test } from "vitest";
import { pathMatcher, whyBadPathPattern } from "./pathPattern.ts";

const file = (path: string) => ({ path, isIndirect: false });
const link = (path: string) => ({ path, isIndirect: true });

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
])("%s and %s: %s", (pattern, path, matches) => {
  expect(pathMatcher([pattern])(file(path))).toBe(matches);
});

test.each<[string, string]>([
  [".github/workflows/**", ".github"],
  ["**/.claude/skills/x.md", "deep/.claude"],
])("%s: a link in the place of the folder %s", (pattern, path) => {
  expect(pathMatcher([pattern])(link(path))).toBe(true);
  expect(pathMatcher([pattern])(file(path))).toBe(false);
  expect(pathMatcher([pattern])(link(`${path}x`))).toBe(false);
});

test("a pattern cannot make a comparison slow", () => {
  const matches = pathMatcher(["**/*a*a*a*a*a*b"]);
  expect(matches(file("a".repeat(4000)))).toBe(false);
});

test.each(["", "/etc", "./a", "a{b,c}", "[ab]", "x".repeat(201)])("%j is no pattern", (pattern) => {
  expect(whyBadPathPattern(pattern)).not.toBeNull();
});
