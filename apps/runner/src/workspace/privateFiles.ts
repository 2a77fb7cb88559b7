import { rm } from "node:fs/promises";
import { join } from "node:path";
import { look } from "./aside.ts";
import { readPlainFile } from "./plainFile.ts";
import { PRIVATE_FILES } from "./uncommitted.ts";

const MAX_QUESTION = 64 * 1024;

/** Text of `BLOCKED.md`; null where there is no such plain file. */
export async function readQuestion(tree: string): Promise<string | null> {
  return readPlainFile(join(tree, "BLOCKED.md"), MAX_QUESTION);
}

/** Return whether anything named `STOP` is there. A link is not followed: it would say whether a file elsewhere exists. */
export function hasStopFile(tree: string): boolean {
  return look(join(tree, "STOP")) !== null;
}

/** A question is one that the base branch does not already have in its own `BLOCKED.md`; it may be empty. Pure. */
export function isQuestion(text: string | null, base: string | null): text is string {
  return text !== null && text.trim() !== base?.trim();
}

/** Before an agent starts: what an earlier run left of them would be read as this run's. */
export async function removePrivateFiles(tree: string): Promise<void> {
  for (const name of PRIVATE_FILES) await rm(join(tree, name), { force: true, recursive: true });
}
