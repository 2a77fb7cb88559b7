import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runLogPath } from "@tac8/core/conversation/runLog";
import { jobIdOf } from "@tac8/core/domain/reference";
import { parseIssueState } from "@tac8/core/state/issueState";
import { fieldTest } from "@tac8/core/testing/fieldTest.fixture";
import { openDataFolderId } from "./dataFolderId.ts";
import { recallDataFolderId } from "./recallDataFolderId.ts";

const ID = "0d8a5f0e-6d0c-4d0e-9a55-0f6c1a0b7c11";
const REF = { owner: "octo", repo: "widgets", number: 7 };
let home = "";
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tac8-home-"));
});
afterEach(() => rm(home, { recursive: true }));

const nothing = () => Promise.resolve(null);
const damage = (text: string) => writeFile(join(home, "id"), text);

/** A record that names the data folder in which its newest agent ran. */
const storeOf = (sessionHome: string) => ({
  read: async (jobId: string) => parseIssueState(jobId === jobIdOf(REF) ? { agentRun: "run-1", sessionHome } : {}),
});

async function leaveLog(run: string): Promise<void> {
  const path = runLogPath(home, REF, run);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, "{}\n");
}

test("an id is created once, even if runners start at the same time", async () => {
  const ids = await Promise.all([1, 2, 3].map(() => openDataFolderId(home, nothing)));
  expect(new Set(ids).size).toBe(1);
  expect(await openDataFolderId(home, nothing)).toBe(ids[0]);
  expect(await readFile(join(home, "id"), "utf8")).toBe(ids[0]);
});

fieldTest(
  "F4",
  "an id that a power failure left empty or truncated is restored if its runs left evidence of it",
  async () => {
    await leaveLog("run-1");
    for (const text of ["", ID.slice(0, 10), "\0".repeat(36)]) {
      await damage(text);
      expect(await openDataFolderId(home, () => recallDataFolderId(home, storeOf(ID)))).toBe(ID);
      expect(await readFile(join(home, "id"), "utf8")).toBe(ID);
    }
  },
);

test("the id of another data folder is never used for this one", async () => {
  await leaveLog("run-of-this-folder");
  await damage("");
  // The issue's newest agent recorded that id but has no log here, so it ran elsewhere.
  const id = await openDataFolderId(home, () => recallDataFolderId(home, storeOf(ID)));
  expect(id).not.toBe(ID);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
});

fieldTest("F4", "a folder without evidence of its former id gets a new one, and keeps it", async () => {
  await damage("");
  const id = await openDataFolderId(home, nothing);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect(await openDataFolderId(home, nothing)).toBe(id);
});
