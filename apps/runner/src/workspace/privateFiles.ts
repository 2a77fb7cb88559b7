import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { PRIVATE_FILES } from "./save.ts";

const MAX_QUESTION = 64 * 1024;

/** Text of `BLOCKED.md`; null where there is no such plain file. A link could point anywhere: it is not followed. */
export async function readQuestion(tree: string): Promise<string | null> {
  let file;
  try {
    file = await open(join(tree, "BLOCKED.md"), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null; // Not there, or a link.
  }
  try {
    if (!(await file.stat()).isFile()) return null;
    const buffer = Buffer.alloc(MAX_QUESTION);
    const { bytesRead } = await file.read(buffer, 0, MAX_QUESTION, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** A question is one that the base branch does not already have in its own `BLOCKED.md`; it may be empty. Pure. */
export function isQuestion(text: string | null, base: string | null): text is string {
  return text !== null && text.trim() !== base?.trim();
}

/** Before an agent starts: what an earlier run left of them would be read as this run's. */
export async function removePrivateFiles(tree: string): Promise<void> {
  for (const name of PRIVATE_FILES) await rm(join(tree, name), { force: true, recursive: true });
}
