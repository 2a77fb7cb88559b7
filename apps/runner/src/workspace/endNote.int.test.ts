import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeNote } from "./notes.ts";
import { readEndNote, removeEndNote, writeEndNote } from "./endNote.ts";

const note = {
  run: "a",
  summary: "Done.",
  leftRunning: null,
  usage: NO_USAGE,
  models: ["m"],
  denied: [{ tool: "Bash", detail: "git push" }],
  blockedHosts: [{ host: "evil.example", times: 2 }],
  reason: "the agent ended",
  evidence: { turns: 3 },
};
let dir: string;
let paths: { readonly endFile: string };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-end-"));
  paths = { endFile: join(dir, "issue", "end.json") };
  await mkdir(join(dir, "issue"));
});
afterEach(() => rm(dir, { recursive: true }));

test("the newest note is read unchanged, and can be removed", async () => {
  await writeEndNote(paths, { ...note, run: "before" });
  await writeEndNote(paths, note);
  expect(await readEndNote(paths)).toEqual(note);
  await removeEndNote(paths);
  expect(await readEndNote(paths)).toBeNull();
});

test("a note has room for the longest summary", async () => {
  const long = { ...note, summary: "\u0001".repeat(20_000) };
  await writeEndNote(paths, long);
  expect(await readEndNote(paths)).toEqual(long);
});

test.each([
  ["an incomplete note", () => writeEndNote(paths, note).then(() => truncate(paths.endFile, 20))],
  ["something else", () => writeNote(paths.endFile, "{}")],
  ["a link to a note", () => writeEndNote(paths, note).then(() => linkInstead())],
])("%s is ignored", async (_what, write) => {
  await write();
  expect(await readEndNote(paths)).toBeNull();
  await writeEndNote(paths, note);
  expect(await readEndNote(paths)).toEqual(note);
});

async function linkInstead(): Promise<void> {
  const elsewhere = join(dir, "elsewhere");
  await writeFile(elsewhere, JSON.stringify(note));
  await removeEndNote(paths);
  await symlink(elsewhere, paths.endFile);
}

test("a missing folder is not created", async () => {
  await rm(join(dir, "issue"), { recursive: true });
  await expect(writeEndNote(paths, note)).rejects.toThrow("ENOENT");
});
