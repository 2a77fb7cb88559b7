import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkoutAbove, findAbove } from "./find.ts";

let home = "";
beforeEach(() => (home = realpathSync(mkdtempSync(join(tmpdir(), "tac8-above-")))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const put = (...names: string[]) => {
  for (const name of names) {
    mkdirSync(join(home, name, ".."), { recursive: true });
    writeFileSync(join(home, name), "");
  }
};
const found = (folder: string) =>
  findAbove(join(home, folder), home).flatMap(({ path }) =>
    path.startsWith(home) ? [path.slice(home.length + 1)] : [],
  );

it("finds the files that programs search for in each folder above, nearest first, and no others", () => {
  const names = [
    ".editorconfig",
    ".git",
    ".mcp.json",
    ".nvmrc",
    ".prettierrc.yaml",
    ".tool-versions",
    "AGENTS.md",
    "CLAUDE.md",
    "Cargo.toml",
    "Makefile",
    "biome.json",
    "eslint.config.mjs",
    "go.work",
    "node_modules",
    "package.json",
    "pyproject.toml",
    "tsconfig.json",
  ];
  put(...names, "a/package.json", "notes.txt", "tsconfig.json.bak", "a/b/c/README.md");
  expect(found("a/b/c")).toEqual(["a/package.json", ...names]);
});

it("ignores the files that are usual in a home folder, and only there", () => {
  put(".claude/x", ".npmrc", ".cargo/x", "a/.claude/x", "a/.npmrc");
  expect(found("a/b")).toEqual(["a/.claude", "a/.npmrc"]);
});

it("finds them at the target of a link, also for a folder that does not exist yet", () => {
  put("real/package.json", "real/deep/x");
  symlinkSync(join(home, "real", "deep"), join(home, "link"));
  expect(found("link/not/there")).toEqual(["real/package.json"]);
  mkdirSync(join(home, "real", ".git"));
  expect(checkoutAbove(join(home, "link/not/there"), home)).toBe(join(home, "real"));
  mkdirSync(join(home, ".git"));
  expect(checkoutAbove(join(home, "other"), null)).toBe(home);
  expect(checkoutAbove(join(home, "other"), home)).not.toBe(home);
});
