import { rename } from "node:fs/promises";
import { look } from "./aside.ts";
import { readEndNote, writeEndNote } from "./endNote.ts";
import { makeNotesFolder, readBranchNote, writeBranchNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/**
 * Take over the notes of a workspace that an older version made, which kept them where its agent could write. That happens once:
 * the note of the branch, which is written before any agent starts, says that this version knows the workspace. Then nothing
 * at the former places is read any more, because only an agent can have written it. The caller holds the workspace's lock.
 */
export async function adoptFormerNotes(paths: WorkspacePaths): Promise<void> {
  const { former, gitDir, branchFile, promptFile, notesDir } = paths;
  if (look(branchFile) !== null || look(gitDir) === null) return;
  const end = await readEndNote(former);
  const hasPrompt = look(former.promptFile)?.isFile() === true;
  if (end !== null || hasPrompt) await makeNotesFolder(notesDir);
  if (end !== null) await writeEndNote(paths, end);
  // A rename keeps its time, which says when the agent began.
  if (hasPrompt) await rename(former.promptFile, promptFile);
  // Last: an interruption before this repeats the rest.
  const branch = await readBranchNote(former);
  if (branch !== null) await writeBranchNote(paths, branch);
}
