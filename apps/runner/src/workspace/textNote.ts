import { z } from "zod";
import { readText } from "../files/files.ts";
import { localFiles } from "../files/local.ts";
import { writeNote } from "./notes.ts";
import type { WorkspacePaths } from "./paths.ts";

/** Limit of the note: title and body have at most 65,792 characters, each of which needs at most six bytes in JSON. */
const MAX_BYTES = 512 * 1024;

const textNoteSchema = z.object({
  /** Id of the `labeled` event that started the work. */
  event: z.number(),
  /** Title at the start of the work. */
  title: z.string(),
  body: z.string(),
  /** Why GitHub did not report the edits of the text; null if it did. */
  unreadable: z.string().nullable(),
});

/** The text that counts. Written before an agent starts, and compared before its work is published. */
export type TextNote = z.infer<typeof textNoteSchema>;

type TextNotePath = Pick<WorkspacePaths, "textNoteFile">;

export async function writeTextNote({ textNoteFile }: TextNotePath, note: TextNote): Promise<void> {
  await writeNote(textNoteFile, JSON.stringify(note));
}

/** Read the note. @returns null if there is no readable note, for example because the work started on another machine or with an older version */
export async function readTextNote({ textNoteFile }: TextNotePath): Promise<TextNote | null> {
  const text = await readText(localFiles, textNoteFile, MAX_BYTES);
  if (text === null) return null;
  try {
    return textNoteSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Not JSON.
  }
}
