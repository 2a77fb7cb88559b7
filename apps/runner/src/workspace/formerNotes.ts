import { readText } from "../files/files.ts";
import type { AgentPlace } from "../agentPlace/place.ts";
import { readEndNote, writeEndNote } from "./endNote.ts";
import { hasBranchNote, makeNotesFolder, readBranchNote, setNoteTime, writeBranchNote, writeNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/** Limit of a prompt. Only its time is used before the next prompt is written. */
const MAX_PROMPT = 10_000_000;

/**
 * Take over the notes of a workspace of an older version, which stored them where its agent could write. This happens once: the branch
 * note, which is written before any agent starts, shows that this version knows the workspace. Afterwards files at the former paths
 * are not read, because only an agent can have written them. The caller holds the workspace's lock.
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
    // Copied, not renamed, because the two folders may be on different file systems.
    await writeNote(promptFile, prompt);
    // The prompt's time shows when the agent started.
    await setNoteTime(promptFile, written.mtimeMs);
    await place.remove(former.promptFile);
  }
  // Written last, so that the takeover is repeated after an interruption.
  const branch = await readBranchNote(former, place);
  if (branch !== null) await writeBranchNote(paths, branch);
}
