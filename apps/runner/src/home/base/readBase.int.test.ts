import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createGitBench, type GitBench } from "../../workspace/testing/gitBench.ts";
import { readBase } from "./readBase.ts";
import { parseTree } from "./tree.ts";

let bench: GitBench;
beforeAll(async () => {
  bench = await createGitBench();
});
afterAll(() => bench.close());

/**
 * Put files on the base branch; a value that starts with `->` is a link. @returns the files that are read from it, and
 * its notes
 */
async function base(files: Readonly<Record<string, string>>) {
  bench = bench.another();
  const { tree } = bench.paths;
  await bench.ensure();
  await bench.agent(["checkout", "--quiet", "--orphan", `base-${bench.name}`]);
  await bench.agent(["rm", "--quiet", "-r", "--force", "."]);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, path)), { recursive: true });
    if (text.startsWith("->")) await symlink(text.slice(2), join(tree, path));
    else await writeFile(join(tree, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  }
  await bench.agent(["add", "--all", "--force"]);
  await bench.agent(["commit", "--quiet", "-m", "base"]);
  await bench.agent(["push", "--quiet", bench.originDir, `HEAD:refs/heads/base-${bench.name}`]);
  await bench.mirror.refresh();
  const sha = (await bench.mirror.branch(`base-${bench.name}`)) ?? "";
  const found = await readBase({
    mirror: bench.mirror,
    sha,
    folders: { tree, userHome: "/home/owner" },
    signal: new AbortController().signal,
  });
  const texts = Object.fromEntries(found.files.map(({ path, bytes }) => [path, bytes.toString("utf8")]));
  return { ...found, texts };
}

test("settings, servers, instructions with their imports, agents, skills, and the instructions of folders are read", async () => {
  const { texts, notes, hasServers, files } = await base({
    "CLAUDE.md": "Be brief. @docs/style.md @docs/none.md",
    "docs/style.md": "No tabs. @more.md",
    "docs/more.md": "No spaces.",
    "docs/other.md": "not imported",
    ".claude/CLAUDE.md": "Be kind.",
    ".claude/settings.json": '{"permissions":{"deny":["Read(/x)"]},"disabledMcpjsonServers":["b"]}',
    ".claude/settings.local.json": '{"hooks":{}}',
    ".mcp.json": '{"mcpServers":{"a":{"command":"a"},"b":{"command":"b"}}}',
    ".claude/agents/reviewer.md": "reviews",
    ".claude/skills/s/run.sh": "#!/bin/sh\n",
    ".claude/hooks/h.sh": "#!/bin/sh\n",
    "packages/ui/CLAUDE.md": "Of the UI.",
    "src/a.ts": "",
  });
  const { [`settings.json`]: settings = "", "repository-mcp.json": servers = "", ...others } = texts;
  expect(JSON.parse(settings)).toMatchObject({ permissions: { deny: [`Read(/${bench.paths.tree}/x)`] } });
  expect(JSON.parse(servers)).toEqual({ mcpServers: { a: { command: "a" } } });
  expect(others).toEqual({
    "CLAUDE.md": "@repository/CLAUDE.md\n@repository/.claude/CLAUDE.md\n",
    "repository/CLAUDE.md": "Be brief. @docs/style.md @docs/none.md",
    "repository/docs/style.md": "No tabs. @more.md",
    "repository/docs/more.md": "No spaces.",
    "repository/.claude/CLAUDE.md": "Be kind.",
    "agents/reviewer.md": "reviews",
    "skills/s/run.sh": "#!/bin/sh\n",
    "rules/repository-folders/packages/ui/CLAUDE.md": '---\npaths: "packages/ui/**"\n---\nOf the UI.',
  });
  expect([hasServers, notes]).toEqual([true, []]);
  expect(files.filter(({ executable }) => executable).map(({ path }) => path)).toEqual(["skills/s/run.sh"]);
});

test("a link is read as the file or folder of the commit that it names", async () => {
  const { texts, notes } = await base({
    "CLAUDE.md": "->AGENTS.md",
    "AGENTS.md": "Of all agents.",
    "packages/a/CLAUDE.md": "->AGENTS.md",
    "packages/a/AGENTS.md": "Of the package.",
    "packages/b/CLAUDE.md": "->../a/AGENTS.md",
    ".claude/agents/reviewer.md": "->../../docs/reviewer.md",
    "docs/reviewer.md": "reviews",
    ".claude/skills": "->../shared/skills/",
    "shared/skills/s/SKILL.md": "skilled",
    "shared/skills/s/run.sh": "#!/bin/sh\n",
    ".claude/rules/of-docs": "->../../docs",
  });
  expect(texts).toEqual({
    "CLAUDE.md": "@repository/CLAUDE.md\n",
    "repository/CLAUDE.md": "Of all agents.",
    "rules/repository-folders/packages/a/CLAUDE.md": '---\npaths: "packages/a/**"\n---\nOf the package.',
    "rules/repository-folders/packages/b/CLAUDE.md": '---\npaths: "packages/b/**"\n---\nOf the package.',
    "agents/reviewer.md": "reviews",
    "skills/s/SKILL.md": "skilled",
    "skills/s/run.sh": "#!/bin/sh\n",
    "rules/of-docs/reviewer.md": "reviews",
  });
  expect(notes).toEqual([]);
});

test("the folder .claude may be a link too", async () => {
  const { texts, notes } = await base({
    ".claude": "->tools/claude",
    "tools/claude/CLAUDE.md": "Be kind.",
    "tools/claude/settings.json": '{"model":"opus"}',
    "tools/claude/agents/a.md": "an agent",
  });
  expect(texts).toMatchObject({
    "CLAUDE.md": "@repository/.claude/CLAUDE.md\n",
    "repository/.claude/CLAUDE.md": "Be kind.",
    "agents/a.md": "an agent",
  });
  expect([JSON.parse(texts["settings.json"] ?? ""), notes]).toEqual([{ model: "opus" }, []]);
});

test("a link to nothing in the commit adds no file, and is listed", async () => {
  const { texts, notes } = await base({
    ".claude/CLAUDE.md": "->/etc/passwd",
    "packages/a/CLAUDE.md": "->/etc/passwd",
    ".claude/settings.json": "->../settings.json",
    "settings.json": '{"hooks":{}}',
    ".claude/skills/s/SKILL.md": "->/etc/passwd",
    ".claude/agents": "->/etc",
    ".claude/commands": "->../none",
    ".claude/rules": "->../loop",
    loop: "->.claude/rules",
    ".claude/output-styles": "->../../..",
    ".mcp.json": "->/etc/passwd",
  });
  expect(texts).toEqual({});
  const named = notes.map((note) => note.replace(/ is a link.*/, "")).toSorted();
  const shared = ["agents", "commands", "output-styles", "rules", "skills/s/SKILL.md"];
  const others = [".claude/CLAUDE.md", ".claude/settings.json", ".mcp.json", "packages/a/CLAUDE.md"];
  expect(named).toEqual([...shared.map((name) => `.claude/${name}`), ...others].toSorted());
});

test("files that are too large are left out and listed, and a cycle of imports ends", async () => {
  const { texts, notes } = await base({
    "CLAUDE.md": "@a.md",
    "a.md": "@CLAUDE.md @big.md",
    "big.md": "x".repeat(1024 ** 2 + 1),
    ".claude/settings.json": "{broken",
  });
  expect(Object.keys(texts).toSorted()).toEqual(["CLAUDE.md", "repository/CLAUDE.md", "repository/a.md"]);
  expect(notes).toEqual([".claude/settings.json is not a JSON object", "big.md is too large, or one of too many"]);
});

test("a repository without any of them has none", async () => {
  expect(await base({ "README.md": "x" })).toMatchObject({ files: [], hasServers: false, notes: [] });
});

test("paths of a tree that lead out of it are ignored", () => {
  const line = (path: string, kind = "100644 blob") => `${kind} ${"a".repeat(40)}      12\t${path}`;
  const text = [
    line("a/b"),
    line("../x"),
    line("a/../../x"),
    line("/x"),
    line(".git/config"),
    line("s", "160000 commit"),
  ];
  expect(parseTree(`${text.join("\0")}\0`).map(({ path }) => path)).toEqual(["a/b"]);
});
