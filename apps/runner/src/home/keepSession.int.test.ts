import { chmod, lstat, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bringSession, keepSession, MAX_SESSION_BYTES } from "./keepSession.ts";

const ID = "0a60c9c2-bc3a-4ccc-b1a9-4f1e73f86de7";
const OTHER = "308b82c3-1d19-4da8-b83b-6ef403a15b2d";
const SESSION = `.claude/projects/-tree/${ID}.jsonl`;
let dir = "";
let home = "";

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-home-"));
  home = join(dir, "o/r/home/gh-1");
  await mkdir(dirname(home), { recursive: true });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function put(path: string, text = "x", at = home): Promise<void> {
  await mkdir(dirname(join(at, path)), { recursive: true });
  await writeFile(join(at, path), text);
}

function left(at = home): string[] {
  const entries = readdirSync(at, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(at, join(entry.parentPath, entry.name)));
}

test("of all that an agent can plant nothing is left but the session", async () => {
  const planted = [
    ".bashrc",
    ".profile",
    ".gitconfig",
    ".config/git/config",
    ".claude.json",
    ".npmrc",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude/CLAUDE.md",
    ".claude/agents/a.md",
    ".claude/skills/s/SKILL.md",
    ".claude/plugins/store/p.json",
    ".claude/shell-snapshots/s.sh",
    ".claude/projects/-tree/memory/MEMORY.md",
    ".claude/projects/-tree/CLAUDE.md",
    `.claude/projects/-tree/${OTHER}.jsonl`,
    ".claude/projects/-other/memory/MEMORY.md",
    ".claude/projects/loose.jsonl",
  ];
  for (const path of [...planted, SESSION, `.claude/projects/-tree/${ID}/tool-results/1.txt`]) await put(path);
  expect(await keepSession(home, ID)).toBe(true);
  expect(left().toSorted()).toEqual([`.claude/projects/-tree/${ID}/tool-results/1.txt`, SESSION].toSorted());
  expect((await lstat(home)).mode & 0o777).toBe(0o700);
});

test.each([
  ["none is wanted", null],
  ["another one is wanted", OTHER],
  ["a name that is no session's", "../../../.claude/projects/-tree/memory"],
])("nothing is left where %s", async (_, session) => {
  await put(SESSION);
  await put(".claude/projects/-tree/memory/MEMORY.md");
  expect(await keepSession(home, session)).toBe(false);
  expect(left()).toEqual([]);
});

test.each(["", ".claude", ".claude/projects", ".claude/projects/-tree", SESSION])(
  "a link in place of %j is removed, and what it leads to stays",
  async (link) => {
    const elsewhere = join(dir, "elsewhere");
    await put(SESSION, "x", elsewhere);
    const before = left(elsewhere);
    await mkdir(dirname(join(home, link)), { recursive: true });
    await symlink(join(elsewhere, link), join(home, link));
    expect(await keepSession(home, ID)).toBe(false);
    expect(left()).toEqual([]);
    expect(left(elsewhere)).toEqual(before);
    expect((await lstat(home)).isDirectory()).toBe(true);
  },
);

test("a session that is too long is not kept, and folders that are shut are opened", async () => {
  await put(SESSION);
  await truncate(join(home, SESSION), MAX_SESSION_BYTES + 1);
  await put("shut/file");
  await chmod(join(home, "shut"), 0);
  await chmod(join(home, ".claude"), 0);
  expect(await keepSession(home, ID)).toBe(false);
  expect(left()).toEqual([]);
});

test("a session of the shared home folder is brought over, and nothing beside it", async () => {
  const shared = join(dir, "shared");
  await put(`projects/-tree/${ID}.jsonl`, "the session", shared);
  await put(`projects/-tree/${ID}/tool-results/1.txt`, "long", shared);
  await symlink("/etc/passwd", join(shared, `projects/-tree/${ID}/link`));
  await put("projects/-tree/memory/MEMORY.md", "planted", shared);
  await put("settings.json", "planted", shared);
  await keepSession(home, ID);
  expect(await bringSession(shared, home, ID)).toBe(true);
  expect(left().toSorted()).toEqual([`.claude/projects/-tree/${ID}/tool-results/1.txt`, SESSION].toSorted());
  expect(await readFile(join(home, SESSION), "utf8")).toBe("the session");
  expect(await bringSession(shared, home, OTHER)).toBe(false);
});
