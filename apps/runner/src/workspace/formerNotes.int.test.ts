import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEndNote, writeEndNote } from "./endNote.ts";
import { directPlace } from "../agentPlace/direct.ts";
import { adoptFormerNotes } from "./formerNotes.ts";
import { makeNotesFolder, readBranchNote, writeBranchNote } from "./notes.ts";
import { workspacePaths, type WorkspacePaths } from "./paths.ts";

const note = {
  run: "a",
  summary: "Done.",
  usage: NO_USAGE,
  models: [],
  leftRunning: null,
  denied: null,
  blockedHosts: null,
  reason: "ended",
  evidence: {},
};
const forged = { ...note, summary: "Forged.", usage: { ...NO_USAGE, costUsd: 1000 } };
let dir = "";
let paths: WorkspacePaths;
const place = directPlace({ env: {}, bash: "bash" });
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-former-"));
  paths = workspacePaths(dir, "trees", { owner: "octo", repo: "widgets", number: 1 });
  await mkdir(paths.gitDir, { recursive: true });
  await mkdir(dirname(paths.former.promptFile), { recursive: true });
});
afterEach(() => rm(dir, { recursive: true }));

/** Create a workspace like an older version whose agent ended while Redis was unreachable. */
async function olderWorkspace(): Promise<void> {
  await writeFile(paths.former.endFile, JSON.stringify(note));
  await writeFile(paths.former.branchFile, "auto/gh-1\n");
  await writeFile(paths.former.promptFile, "Please.");
  await utimes(paths.former.promptFile, 1000, 1000);
}

test("the end note, the branch and the prompt with its time are taken over from an older version", async () => {
  await olderWorkspace();
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toEqual(note);
  expect(await readBranchNote(paths)).toBe("auto/gh-1");
  expect(await readFile(paths.promptFile, "utf8")).toBe("Please.");
  expect((await stat(paths.promptFile)).mtimeMs).toBe(1_000_000);
  expect((await stat(paths.notesDir)).mode & 0o777).toBe(0o700);
});

/** Folder on another file system: one of the two is in memory. */
const elsewhere = ["/dev/shm", "/var/tmp"].find(
  (folder) => existsSync(folder) && deviceOf(folder) !== deviceOf(tmpdir()),
);

function deviceOf(folder: string): number {
  return statSync(folder).dev;
}

test.skipIf(elsewhere === undefined)("notes on another file system are taken over, too", async () => {
  const other = await mkdtemp(join(elsewhere ?? "", "tac8-former-"));
  try {
    await rm(join(dir, "workspaces"), { recursive: true });
    await symlink(other, join(dir, "workspaces"));
    await mkdir(paths.gitDir, { recursive: true });
    await mkdir(dirname(paths.former.promptFile), { recursive: true });
    await olderWorkspace();
    await adoptFormerNotes(place, paths);
    expect(await readFile(paths.promptFile, "utf8")).toBe("Please.");
    expect((await stat(paths.promptFile)).mtimeMs).toBe(1_000_000);
    expect(await readBranchNote(paths)).toBe("auto/gh-1");
    expect(existsSync(paths.former.promptFile)).toBe(false);
  } finally {
    await rm(other, { recursive: true });
  }
});

test("notes are taken over once, so that later files of an agent are not read", async () => {
  await olderWorkspace();
  await adoptFormerNotes(place, paths);
  await writeFile(paths.former.endFile, JSON.stringify(forged));
  await writeFile(paths.former.branchFile, "main\n");
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toEqual(note);
  expect(await readBranchNote(paths)).toBe("auto/gh-1");
});

test("files in a workspace of this version are not read", async () => {
  await writeBranchNote(paths, "auto/gh-1");
  await writeFile(paths.former.endFile, JSON.stringify(forged));
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toBeNull();
});

test("an interrupted takeover is completed", async () => {
  await olderWorkspace();
  await makeNotesFolder(paths.notesDir);
  await writeEndNote(paths, note); // The interrupted takeover had written this note.
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toEqual(note);
  expect(await readBranchNote(paths)).toBe("auto/gh-1");
});

test("links and other files in the former places are not touched", async () => {
  const elsewhere = join(dir, "elsewhere");
  await writeFile(elsewhere, JSON.stringify(note));
  for (const place of [paths.former.endFile, paths.former.branchFile, paths.former.promptFile])
    await symlink(elsewhere, place);
  await adoptFormerNotes(place, paths);
  expect(existsSync(paths.notesDir)).toBe(false);
});

test("nothing is taken over without a workspace", async () => {
  await rm(paths.gitDir, { recursive: true });
  await writeFile(paths.former.promptFile, "Please.");
  await adoptFormerNotes(place, paths);
  expect(existsSync(paths.notesDir)).toBe(false);
});
