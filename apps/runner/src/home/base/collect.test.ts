import { expect, test } from "vitest";
import { collect } from "./collect.ts";

/** Collect the files that Claude Code reads from a commit with these files. */
async function collected(texts: Readonly<Record<string, string>>) {
  const entries = Object.entries(texts).map(([path, text], index) => ({
    path,
    mode: "100644",
    sha: String(index),
    size: Buffer.byteLength(text),
  }));
  const at = new Map(Object.values(texts).map((text, index) => [String(index), Buffer.from(text)]));
  return collect({ entries, read: async () => at, folders: { tree: "/data/gh-1", userHome: null } });
}

const numbered = (count: number, path: (n: number) => string, text: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [path(n), text]));

test("of more than 1,000 files, imports included, the first are used, and 20 of the others are listed", async () => {
  const name = (n: number) => `docs/${n}.md`;
  const imports = (from: number) => Array.from({ length: 100 }, (_, n) => `@${from + n}.md`).join(" ");
  const { files, notes } = await collected({
    ...numbered(500, (n) => `.claude/agents/${n}.md`, "an agent"),
    "CLAUDE.md": Array.from({ length: 10 }, (_, n) => `@${name(n)}`).join(" "),
    ...numbered(1500, name, ""),
    ...Object.fromEntries(Array.from({ length: 10 }, (_, n) => [name(n), imports(n * 100)])),
    ...numbered(300, (n) => `packages/${n}/CLAUDE.md`, "of a folder"),
  });
  const made = files.filter(({ path }) => path === "CLAUDE.md");
  expect([files.length, made.length]).toEqual([1001, 1]);
  expect(notes).toHaveLength(21);
  expect(notes[0]).toMatch(/^docs\/\d+\.md is too large, or one of too many$/);
  // 500 agents, CLAUDE.md, 1,000 imports, 300 folders: 1,801.
  expect(notes.at(-1)).toBe("781 more like these");
});

test("a file that cannot be used is listed once, however often it is imported", async () => {
  const { notes } = await collected({
    "CLAUDE.md": "@a.md @b.md @big.md",
    "a.md": "@big.md",
    "b.md": "@big.md @a.md",
    "big.md": "x".repeat(1024 ** 2 + 1),
  });
  expect(notes).toEqual(["big.md is too large, or one of too many"]);
});

test("of more than 16 MB in total, the files that fit are used", async () => {
  const { files, notes } = await collected(numbered(20, (n) => `.claude/agents/${n}.md`, "x".repeat(1024 ** 2)));
  expect([files.length, notes.length]).toEqual([16, 4]);
});
