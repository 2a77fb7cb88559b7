import { utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import type { WorkspacePaths } from "./paths.ts";
import { readText, type Files } from "../files/files.ts";
import { localFiles } from "../files/local.ts";

/** Names of branches are shorter: git keeps each as a file's name or path. */
const MAX_BRANCH = 4096;

/** Make a folder of tac8's own notes, with what is missing above it, for this user alone. */
export async function makeNotesFolder(folder: string): Promise<void> {
  await localFiles.makeFolder(folder, 0o700);
}

/** Remove the folder of a workspace's notes. Nothing there is no error. */
export async function removeNotes({ notesDir }: Pick<WorkspacePaths, "notesDir">): Promise<void> {
  await localFiles.remove(notesDir);
}

/** Write one of tac8's notes about a workspace: whole, on the disk, for this user alone. */
export async function writeNote(file: string, text: string): Promise<void> {
  await makeNotesFolder(dirname(file));
  await writeWholeFile(file, text);
}

/** Give a note the time (epoch ms) at which it was written elsewhere. */
export async function setNoteTime(file: string, atMs: number): Promise<void> {
  await utimes(file, atMs / 1000, atMs / 1000);
}

/** Epoch ms at which the prompt of the newest agent was written, just before that started; null: there is none. */
export async function promptTime({ promptFile }: Pick<WorkspacePaths, "promptFile">): Promise<number | null> {
  return (await localFiles.stat(promptFile).catch(() => null))?.mtimeMs ?? null;
}

/** Note which branch a workspace is made for. */
export async function writeBranchNote(paths: Pick<WorkspacePaths, "branchFile">, branch: string): Promise<void> {
  if ((await readBranchNote(paths)) !== branch) await writeNote(paths.branchFile, `${branch}\n`);
}

/** Whether this version of tac8 knows the workspace: it writes that note before any agent starts. */
export async function hasBranchNote({ branchFile }: Pick<WorkspacePaths, "branchFile">): Promise<boolean> {
  return (await localFiles.stat(branchFile)) !== null;
}

/** `files`: of the side that has the note. @returns null where the workspace was made by hand, or the note is damaged */
export async function readBranchNote(
  { branchFile }: Pick<WorkspacePaths, "branchFile">,
  files: Files = localFiles,
): Promise<string | null> {
  return ((await readText(files, branchFile, MAX_BRANCH)) ?? "").trim() || null;
}
