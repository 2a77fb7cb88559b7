import { existsSync, globSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const OUTSIDE = new Set(["node_modules", "dist", ".tac8", ".turbo", "coverage"]);
const exclude = (name) => name.split(sep).some((part) => OUTSIDE.has(part));
const pages = globSync(["docs/**/*.md", "*.md", ".github/**/*.md"], { cwd: root }).filter(
  (page) => page !== "CHANGELOG.md",
);
const sources = globSync("{apps,packages,bin,script,test,bench,deploy}/**/*.{ts,mjs,sh}", { cwd: root, exclude });
const read = (page) => readFileSync(join(root, page), "utf8");

const FULL = /^(?:apps|packages|bin|script|test|deploy|docs|bench|\.github)\/[\w./-]+$/;
/** The end of a path, such as `pipeline/apply.ts`: the page says which folder it is relative to. */
const END = /^[\w./-]*\w\.(?:ts|mjs|sh)$/;
/** A placeholder, such as `NAME.ts`. */
const TO_FILL_IN = /NAME|\.{2,}/;

/** Return the paths that a page names in inline code, without those in code blocks. Pure. */
function pathsOf(text) {
  const plain = text.replaceAll(/^ {0,3}(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ {0,3}\1[^\n]*$/gm, "");
  return [...plain.matchAll(/`([^`\n]+)`/g)]
    .map(([, code]) => code)
    .filter((code) => (FULL.test(code) || END.test(code)) && !TO_FILL_IN.test(code));
}

const exists = (path) =>
  FULL.test(path) ? existsSync(join(root, path)) : sources.some((source) => `/${source}`.endsWith(`/${path}`));

test.each(pages)("%s: each file of this repository that it names exists", (page) => {
  expect(pathsOf(read(page)).filter((path) => !exists(path))).toEqual([]);
});

test("paths are read from inline code, and not from code blocks, patterns or placeholders", () => {
  const text =
    "`apps/a/b.ts` apps/c.ts `docs` `test/NAME.ts` `packages/*/x.ts` `npm run x`\n```\n`apps/d.ts`\n```\n`bin/e` `f.ts`";
  expect(pathsOf(text)).toEqual(["apps/a/b.ts", "bin/e", "f.ts"]);
});

test("docs/architecture.md: each file that processes an issue exists, and is listed once", () => {
  const text = read("docs/architecture.md");
  const section = text.slice(text.indexOf("\n### Files that process one issue")).split(/\n##/)[1] ?? "";
  const files = [...section.matchAll(/^\| `([^`]+\.ts)`/gm)].map(([, file]) =>
    FULL.test(file) ? file : `apps/runner/src/${file}`,
  );
  expect(files.length).toBeGreaterThan(15);
  expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  expect(new Set(files).size).toBe(files.length);
});
