import { readText } from "../files/files.ts";
import type { AgentPlace } from "../place/place.ts";
import { readEndNote, writeEndNote } from "./endNote.ts";
import { hasBranchNote, makeNotesFolder, readBranchNote, setNoteTime, writeBranchNote, writeNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/** Longer than any prompt of ours: its time alone is used before the next one is written. */
const MAX_PROMPT = 10_000_000;

/**
 * Take over the notes of a workspace that an older version made, which kept them where its agent could write. That happens once:
 * the note of the branch, which is written before any agent starts, says that this version knows the workspace. Then nothing
 * at the former places is read any more, because only an agent can have written it. The caller holds the workspace's lock.
 */
export async function adoptFormerNotes(place: AgentPlace, paths: WorkspacePaths): Promise<void> {
  const { former, gitDir, promptFile, notesDir } = paths;
  if ((await hasBranchNote(paths)) || (await place.stat(gitDir)) === null) return;
  const end = await readEndNote(former, place);
  if (end !== null) {
    await makeNotesFolder(notesDir);
    await writeEndNote(paths, end);
  }
  const prompt = await readText(place, former.promptFile, MAX_PROMPT);
  const written = await place.stat(former.promptFile);
  if (prompt !== null && written !== null) {
    // Not renamed: the two folders may be on different file systems.
    await writeNote(promptFile, prompt);
    // Its time says when the agent began.
    await setNoteTime(promptFile, written.mtimeMs);
    await place.remove(former.promptFile);
  }
  // Last: an interruption before this repeats the rest.
  const branch = await readBranchNote(former, place);
  if (branch !== null) await writeBranchNote(paths, branch);
}
