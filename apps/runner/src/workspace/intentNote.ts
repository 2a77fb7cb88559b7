import { z } from "zod";
import { readText } from "../files/files.ts";
import { localFiles } from "../files/local.ts";
import { writeNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/** Title and body have 65,792 characters at most, of which JSON makes six bytes each at worst. */
const MAX_BYTES = 512 * 1024;

const intentNoteSchema = z.object({
  /** The `labeled` event that the work goes back to. */
  event: z.number(),
  /** The text that the work began with. */
  title: z.string(),
  body: z.string(),
  /** Why GitHub did not report the edits of the text; null: it did. */
  unreadable: z.string().nullable(),
});

/** Which text of the issue counts: written before an agent starts, compared before its work is published. */
export type IntentNote = z.infer<typeof intentNoteSchema>;

type IntentPath = Pick<WorkspacePaths, "intentFile">;

export async function writeIntentNote({ intentFile }: IntentPath, note: IntentNote): Promise<void> {
  await writeNote(intentFile, JSON.stringify(note));
}

/** @returns null when there is none that can be read: the work began on another machine, say, or with an older version */
export async function readIntentNote({ intentFile }: IntentPath): Promise<IntentNote | null> {
  const text = await readText(localFiles, intentFile, MAX_BYTES);
  if (text === null) return null;
  try {
    return intentNoteSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Not JSON.
  }
}
