import { rm, utimes } from "node:fs/promises";
import { look } from "./aside.ts";
import { readEndNote, writeEndNote } from "./endNote.ts";
import { makeNotesFolder, readBranchNote, writeBranchNote, writeNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";
import { readPlainFile } from "./plainFile.ts";

/** Longer than any prompt of ours: its time alone is used before the next one is written. */
const MAX_PROMPT = 10_000_000;

/**
 * Take over the notes of a workspace that an older version made, which kept them where its agent could write. That happens once:
 * the note of the branch, which is written before any agent starts, says that this version knows the workspace. Then nothing
 * at the former places is read any more, because only an agent can have written it. The caller holds the workspace's lock.
 */
export async function adoptFormerNotes(paths: WorkspacePaths): Promise<void> {
  const { former, gitDir, branchFile, promptFile, notesDir } = paths;
  if (look(branchFile) !== null || look(gitDir) === null) return;
  const end = await readEndNote(former);
  if (end !== null) {
    await makeNotesFolder(notesDir);
    await writeEndNote(paths, end);
  }
  const prompt = await readPlainFile(former.promptFile, MAX_PROMPT);
  const written = look(former.promptFile);
  if (prompt !== null && written !== null) {
    // Not renamed: the two folders may be on different file systems.
    await writeNote(promptFile, prompt);
    // Its time says when the agent began.
    await utimes(promptFile, written.atimeMs / 1000, written.mtimeMs / 1000);
    await rm(former.promptFile);
  }
  // Last: an interruption before this repeats the rest.
  const branch = await readBranchNote(former);
  if (branch !== null) await writeBranchNote(paths, branch);
}
