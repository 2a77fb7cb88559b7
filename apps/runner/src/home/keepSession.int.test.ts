import { chmod, lstat, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localFiles } from "../files/local.ts";
import { importSession, keepSession, MAX_SESSION_BYTES } from "./keepSession.ts";
import { openHome } from "./open.ts";

const LOCAL_FILES = JSON.stringify(new URL("../files/local.ts", import.meta.url));
const KEEP_SESSION = JSON.stringify(new URL("keepSession.ts", import.meta.url));
/** A program that copies a session. */
const COPY = `
  const { importSession } = await import(${KEEP_SESSION});
  const { localFiles } = await import(${LOCAL_FILES});
  await importSession(localFiles, ...process.argv.slice(1));
`;
/** The same program, which crashes when half of the session's file is written. */
const CRASH = `
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const { cp } = fs.promises;
  fs.promises.cp = (from, to, options) => {
    if (!from.endsWith(".jsonl")) return cp(from, to, options);
    fs.writeFileSync(to, "half of it");
    process.kill(process.pid, "SIGKILL");
  };
  syncBuiltinESMExports();
`;

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

test("only the session is left of the files that an agent can plant", async () => {
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
  expect(await keepSession(localFiles, home, ID)).toBe(true);
  expect(left().toSorted()).toEqual([`.claude/projects/-tree/${ID}/tool-results/1.txt`, SESSION].toSorted());
  expect((await lstat(home)).mode & 0o777).toBe(0o700);
});

test.each([
  ["no session is resumed", null],
  ["another session is resumed", OTHER],
  ["the name is not of a session", "../../../.claude/projects/-tree/memory"],
])("nothing is left if %s", async (_, session) => {
  await put(SESSION);
  await put(".claude/projects/-tree/memory/MEMORY.md");
  expect(await keepSession(localFiles, home, session)).toBe(false);
  expect(left()).toEqual([]);
});

test.each(["", ".claude", ".claude/projects", ".claude/projects/-tree", SESSION])(
  "a link in place of %j is removed, and its target stays",
  async (link) => {
    const elsewhere = join(dir, "elsewhere");
    await put(SESSION, "x", elsewhere);
    const before = left(elsewhere);
    await mkdir(dirname(join(home, link)), { recursive: true });
    await symlink(join(elsewhere, link), join(home, link));
    expect(await keepSession(localFiles, home, ID)).toBe(false);
    expect(left()).toEqual([]);
    expect(left(elsewhere)).toEqual(before);
    expect((await lstat(home)).isDirectory()).toBe(true);
  },
);

test("a session that is too long is not kept, and folders without permissions are opened", async () => {
  await put(SESSION);
  await truncate(join(home, SESSION), MAX_SESSION_BYTES + 1);
  await put("shut/file");
  await chmod(join(home, "shut"), 0);
  await chmod(join(home, ".claude"), 0);
  expect(await keepSession(localFiles, home, ID)).toBe(false);
  expect(left()).toEqual([]);
});

test("only the session is copied from the shared home folder", async () => {
  const shared = join(dir, "shared");
  await put(`projects/-tree/${ID}.jsonl`, "the session", shared);
  await put(`projects/-tree/${ID}/tool-results/1.txt`, "long", shared);
  await symlink("/etc/passwd", join(shared, `projects/-tree/${ID}/link`));
  await put("projects/-tree/memory/MEMORY.md", "planted", shared);
  await put("settings.json", "planted", shared);
  await keepSession(localFiles, home, ID);
  expect(await importSession(localFiles, shared, home, ID)).toBe(true);
  expect(left().toSorted()).toEqual([`.claude/projects/-tree/${ID}/tool-results/1.txt`, SESSION].toSorted());
  expect(await readFile(join(home, SESSION), "utf8")).toBe("the session");
  expect(await importSession(localFiles, shared, home, OTHER)).toBe(false);
});

test("a copy that is interrupted by a crash is not a session", async () => {
  const shared = join(dir, "shared");
  await put(`projects/-tree/${ID}.jsonl`, "the session", shared);
  await put(`projects/-tree/${ID}/tool-results/1.txt`, "long", shared);
  await keepSession(localFiles, home, ID);
  const copy = (broken: boolean) =>
    spawnSync(process.execPath, ["--input-type=module", "--eval", broken ? CRASH + COPY : COPY, shared, home, ID]);
  expect(copy(true).signal).toBe("SIGKILL");
  expect(left().some((path) => path.includes(ID))).toBe(true);
  expect(await keepSession(localFiles, home, ID)).toBe(false);
  expect(left()).toEqual([]);
  expect(copy(false).status).toBe(0);
  expect(await keepSession(localFiles, home, ID)).toBe(true);
});

test("pipes beside a session are not copied, and a session that cannot be copied counts as missing", async () => {
  const shared = join(dir, "shared");
  await put(`projects/-tree/${ID}.jsonl`, "the session", shared);
  await put(`projects/-tree/${ID}/tool-results/1.txt`, "long", shared);
  spawnSync("mkfifo", [join(shared, `projects/-tree/${ID}/pipe`)]);
  await keepSession(localFiles, home, ID);
  expect(await importSession(localFiles, shared, home, ID)).toBe(true);
  expect(left().toSorted()).toEqual([`.claude/projects/-tree/${ID}/tool-results/1.txt`, SESSION].toSorted());

  await keepSession(localFiles, home, null);
  await put(`.claude/projects/-tree/${ID}`, "a file in the place of the folder");
  expect(await importSession(localFiles, shared, home, ID)).toBe(false);
  expect(left()).toEqual([]);
});

describe("opening a home folder", () => {
  const open = () =>
    openHome({
      place: localFiles,
      home,
      env: { HOME: join(dir, "owner") },
      git: { author_name: "a", author_email: "a@localhost" },
      files: [],
      session: ID,
    });
  beforeEach(() => put(SESSION, "from before", join(dir, "owner")));

  test("copies the session of the shared home folder once: it does not come back after the issue's own was dropped", async () => {
    expect((await open()).imported).toBe(true);
    expect(left().toSorted()).toEqual([SESSION, ".gitconfig"].toSorted());
    await truncate(join(home, SESSION), MAX_SESSION_BYTES + 1);
    expect((await open()).imported).toBe(false);
    expect(left()).toEqual([".gitconfig"]);
  });

  test("copies the session again after a crash interrupted the copy", async () => {
    await put(".session-is-copied");
    await put(`${SESSION}.part`, "from");
    expect((await open()).imported).toBe(true);
    expect(await readFile(join(home, SESSION), "utf8")).toBe("from before");
    expect(left().toSorted()).toEqual([SESSION, ".gitconfig"].toSorted());
  });
});
