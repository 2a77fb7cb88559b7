import { mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_USAGE } from "@tac8/core/domain/usage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEndNote, removeEndNote, writeEndNote } from "./endNote.ts";

const note = {
  run: "a",
  summary: "Done.",
  leftRunning: null,
  usage: NO_USAGE,
  models: ["m"],
  denied: [{ tool: "Bash", detail: "git push" }],
  reason: "the agent ended",
  evidence: { turns: 3 },
};
let gitDir: string;
let file: string;

beforeEach(async () => {
  gitDir = await mkdtemp(join(tmpdir(), "tac8-end-"));
  file = join(gitDir, "tac8-end.json");
});
afterEach(() => rm(gitDir, { recursive: true }));

test("comes back as it was, the newest one, and goes", async () => {
  await writeEndNote({ gitDir }, { ...note, run: "before" });
  await writeEndNote({ gitDir }, note);
  expect(await readEndNote({ gitDir })).toEqual(note);
  await removeEndNote({ gitDir });
  expect(await readEndNote({ gitDir })).toBeNull();
});

test("the longest summary fits", async () => {
  const long = { ...note, summary: "\u0001".repeat(20_000) };
  await writeEndNote({ gitDir }, long);
  expect(await readEndNote({ gitDir })).toEqual(long);
});

test.each([
  ["half of one", () => writeEndNote({ gitDir }, note).then(() => truncate(file, 20))],
  ["something else", () => writeFile(file, "{}")],
  ["a link to one", () => writeEndNote({ gitDir }, note).then(() => linkInstead())],
])("%s is none", async (_what, write) => {
  await write();
  expect(await readEndNote({ gitDir })).toBeNull();
  await writeEndNote({ gitDir }, note);
  expect(await readEndNote({ gitDir })).toEqual(note);
});

async function linkInstead(): Promise<void> {
  const elsewhere = join(gitDir, "elsewhere");
  await writeFile(elsewhere, JSON.stringify(note));
  await removeEndNote({ gitDir });
  await symlink(elsewhere, file);
}
