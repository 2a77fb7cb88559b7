import { existsSync, statSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEndNote, writeEndNote } from "./endNote.ts";
import { directPlace } from "../place/direct.ts";
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
const place = directPlace({ env: {} });
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-former-"));
  paths = workspacePaths(dir, "trees", { owner: "octo", repo: "widgets", number: 1 });
  await mkdir(paths.gitDir, { recursive: true });
  await mkdir(dirname(paths.former.promptFile), { recursive: true });
});
afterEach(() => rm(dir, { recursive: true }));

/** As an older version leaves a workspace whose agent ended while Redis was unreachable. */
async function olderWorkspace(): Promise<void> {
  await writeFile(paths.former.endFile, JSON.stringify(note));
  await writeFile(paths.former.branchFile, "auto/gh-1\n");
  await writeFile(paths.former.promptFile, "Please.");
  await utimes(paths.former.promptFile, 1000, 1000);
}

test("an end that an older version noted, its branch and its prompt with its time are taken over", async () => {
  await olderWorkspace();
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toEqual(note);
  expect(await readBranchNote(paths)).toBe("auto/gh-1");
  expect(await readFile(paths.promptFile, "utf8")).toBe("Please.");
  expect((await stat(paths.promptFile)).mtimeMs).toBe(1_000_000);
  expect((await stat(paths.notesDir)).mode & 0o777).toBe(0o700);
});

/** One of them is in memory, and one is not. */
const elsewhere = ["/dev/shm", "/var/tmp"].find(
  (folder) => existsSync(folder) && deviceOf(folder) !== deviceOf(tmpdir()),
);

function deviceOf(folder: string): number {
  return statSync(folder).dev;
}

test.skipIf(elsewhere === undefined)("also from another file system", async () => {
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

test("that is done once: what an agent writes there afterwards is not read", async () => {
  await olderWorkspace();
  await adoptFormerNotes(place, paths);
  await writeFile(paths.former.endFile, JSON.stringify(forged));
  await writeFile(paths.former.branchFile, "main\n");
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toEqual(note);
  expect(await readBranchNote(paths)).toBe("auto/gh-1");
});

test("nor in a workspace that this version made", async () => {
  await writeBranchNote(paths, "auto/gh-1");
  await writeFile(paths.former.endFile, JSON.stringify(forged));
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toBeNull();
});

test("an interruption in between is made up for", async () => {
  await olderWorkspace();
  await makeNotesFolder(paths.notesDir);
  await writeEndNote(paths, note); // It got as far as this.
  await adoptFormerNotes(place, paths);
  expect(await readEndNote(paths)).toEqual(note);
  expect(await readBranchNote(paths)).toBe("auto/gh-1");
});

test("links and other things in their places are left where they are", async () => {
  const elsewhere = join(dir, "elsewhere");
  await writeFile(elsewhere, JSON.stringify(note));
  for (const place of [paths.former.endFile, paths.former.branchFile, paths.former.promptFile])
    await symlink(elsewhere, place);
  await adoptFormerNotes(place, paths);
  expect(existsSync(paths.notesDir)).toBe(false);
});

test("where there is no workspace there is nothing to take over", async () => {
  await rm(paths.gitDir, { recursive: true });
  await writeFile(paths.former.promptFile, "Please.");
  await adoptFormerNotes(place, paths);
  expect(existsSync(paths.notesDir)).toBe(false);
});
