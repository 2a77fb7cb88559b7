import { notesOf, type Notes } from "./pullNotes.ts";
import type { Outgoing } from "./compareWithBase.ts";
import { readDiff } from "./keepDiff.ts";
import type { PublishNeeds } from "./needs.ts";

/** Description of published commits, for users. */
export interface Description {
  /** For the board; null: it could not be read. */
  readonly diff: string | null;
  /** For the pull request. */
  readonly notes: Notes;
}

/** Read the description of commits. This changes nothing and needs no push, so it may run beside the push. @throws only the signal's reason */
export async function readDescription(run: PublishNeeds, outgoing: Outgoing): Promise<Description> {
  return { diff: await readDiff(run, outgoing), notes: await notesOf(run, outgoing) };
}
