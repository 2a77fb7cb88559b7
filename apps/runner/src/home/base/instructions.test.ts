import { expect, test } from "vitest";
import { folderRule, importsOf, linkTarget } from "./instructions.ts";

test.each<[string, string, string[]]>([
  ["See @docs/style.md.\n@AGENTS.md and @docs/style.md", "CLAUDE.md", ["docs/style.md.", "AGENTS.md", "docs/style.md"]],
  ["@../shared/a.md", ".claude/CLAUDE.md", ["shared/a.md"]],
  ["@a\\ b.md @c.md#part", "CLAUDE.md", ["a b.md", "c.md"]],
  ["@/etc/passwd @~/secret.md @../../up.md", "docs/CLAUDE.md", []],
  ["me@example.com", "CLAUDE.md", []],
])("%j in %s imports", (text, path, wanted) => expect(importsOf(text, path)).toEqual(wanted));

test("one file can import only a bounded number of others", () => {
  expect(importsOf(Array.from({ length: 5000 }, (_, n) => `@f${n}.md`).join("\n"), "CLAUDE.md")).toHaveLength(100);
});

test.each([
  ["AGENTS.md", "CLAUDE.md", "AGENTS.md"],
  ["../AGENTS.md", ".claude/CLAUDE.md", "AGENTS.md"],
  ["../../AGENTS.md", ".claude/CLAUDE.md", null],
  ["/etc/passwd", "CLAUDE.md", null],
])("a link to %s in %s names %s", (text, path, wanted) => expect(linkTarget(text, path)).toBe(wanted));

test("a folder's instructions are a rule for its files", () => {
  expect(folderRule("packages/ui", "Be kind.\n")).toBe('---\npaths: "packages/ui/**"\n---\nBe kind.\n');
  for (const name of ["a*b", "a\nb", 'a"b', "{a,b}", "a\\b"]) expect(folderRule(name, "")).toBeNull();
});
