import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeWholeFile } from "@tac8/core/app/wholeFile";
import { lock } from "@tac8/core/process/flock";

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Return the id of the data folder. An agent's session is in one data folder, whatever the name of the host is. If the
 * id is missing or damaged, restore the one that `recall` finds evidence of in the folder, or create a new one.
 */
export async function openDataFolderId(dataFolder: string, recall: () => Promise<string | null>): Promise<string> {
  await mkdir(dataFolder, { recursive: true });
  const file = join(dataFolder, "id");
  const known = await readId(file);
  if (known !== null) return known;
  // Two runners that start in the same folder must get the same id.
  const held = await lock(join(dataFolder, "id.lock"));
  try {
    const written = await readId(file);
    if (written !== null) return written;
    const recalled = await recall();
    const id = recalled !== null && ID.test(recalled) ? recalled : randomUUID();
    await writeWholeFile(file, id);
    return id;
  } finally {
    held.release();
  }
}

/** Read the id; null if the file is missing or incomplete. */
async function readId(file: string): Promise<string | null> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    return ID.test(text) ? text : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return null;
  }
}
