import { constants } from "node:fs";
import { open } from "node:fs/promises";

export interface PlainFileOptions {
  /** Follow a link: for files of the operator, who may keep them elsewhere. Default false, because a link could lead anywhere. */
  readonly followLinks?: boolean;
}

/** The beginning of a plain file, as UTF-8; null where there is none. A pipe or a device in its place is not waited for. */
export async function readPlainFile(
  path: string,
  maxBytes: number,
  { followLinks = false }: PlainFileOptions = {},
): Promise<string | null> {
  let file;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | (followLinks ? 0 : constants.O_NOFOLLOW));
  } catch {
    return null; // Not there, or a link.
  }
  try {
    const found = await file.stat();
    if (!found.isFile()) return null;
    const buffer = Buffer.alloc(Math.min(found.size, maxBytes));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
