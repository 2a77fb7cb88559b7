import { utimes } from "node:fs/promises";
import { dirname } from "node:path";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import type { WorkspacePaths } from "./paths.ts";
import { readText, type Files } from "../files/files.ts";
import { localFiles } from "../files/local.ts";

/** Limit of a branch name. Names are shorter, because git stores each as a file's path. */
const MAX_BRANCH = 4096;

/** Create a folder for tac8's notes, with missing folders above it. Only this user can enter it. */
export async function makeNotesFolder(folder: string): Promise<void> {
  await localFiles.makeFolder(folder, 0o700);
}

/** Remove the folder of a workspace's notes. Nothing there is no error. */
export async function removeNotes({ notesDir }: Pick<WorkspacePaths, "notesDir">): Promise<void> {
  await localFiles.remove(notesDir);
}

/** Write one of tac8's notes about a workspace atomically and durably. Only this user can read it. */
export async function writeNote(file: string, text: string): Promise<void> {
  await makeNotesFolder(dirname(file));
  await writeWholeFile(file, text);
}

/** Give a note the time (epoch ms) at which it was written elsewhere. */
export async function setNoteTime(file: string, atMs: number): Promise<void> {
  await utimes(file, atMs / 1000, atMs / 1000);
}

/** Return the epoch ms at which the prompt of the newest agent was written, just before the agent started; null if there is none. */
export async function promptTime({ promptFile }: Pick<WorkspacePaths, "promptFile">): Promise<number | null> {
  return (await localFiles.stat(promptFile).catch(() => null))?.mtimeMs ?? null;
}

/** Write the branch note, which has the branch of a new workspace. */
export async function writeBranchNote(paths: Pick<WorkspacePaths, "branchFile">, branch: string): Promise<void> {
  if ((await readBranchNote(paths)) !== branch) await writeNote(paths.branchFile, `${branch}\n`);
}

/** Return whether this version of tac8 knows the workspace. It writes the branch note before any agent starts. */
export async function hasBranchNote({ branchFile }: Pick<WorkspacePaths, "branchFile">): Promise<boolean> {
  return (await localFiles.stat(branchFile)) !== null;
}

/** Read the branch note. @param files files of the side that has the note. @returns null if there is none, or if it is damaged */
export async function readBranchNote(
  { branchFile }: Pick<WorkspacePaths, "branchFile">,
  files: Files = localFiles,
): Promise<string | null> {
  return ((await readText(files, branchFile, MAX_BRANCH)) ?? "").trim() || null;
}
