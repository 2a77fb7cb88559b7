import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import type { WorkspacePaths } from "./paths.ts";
import { readPlainFile } from "./plainFile.ts";

/** Names of branches are shorter: git keeps each as a file's name or path. */
const MAX_BRANCH = 4096;

/** Make a folder of tac8's own notes, with what is missing above it, for this user alone. */
export async function makeNotesFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/** Write one of tac8's notes about a workspace: whole, on the disk, for this user alone. */
export async function writeNote(file: string, text: string): Promise<void> {
  await makeNotesFolder(dirname(file));
  await writeWholeFile(file, text);
}

/** Note which branch a workspace is made for. */
export async function writeBranchNote(paths: Pick<WorkspacePaths, "branchFile">, branch: string): Promise<void> {
  if ((await readBranchNote(paths)) !== branch) await writeNote(paths.branchFile, `${branch}\n`);
}

/** @returns null where the workspace was made by hand, or the note is damaged */
export async function readBranchNote({ branchFile }: Pick<WorkspacePaths, "branchFile">): Promise<string | null> {
  return ((await readPlainFile(branchFile, MAX_BRANCH)) ?? "").trim() || null;
}
