import { statfs } from "node:fs/promises";
import type { Failure } from "@tac8/core/domain/failures";

const WORDS = /no space left on device|\bENOSPC\b|\bEDQUOT\b|disk quota exceeded|disc quota exceeded/i;
/** A server whose disk is full is no reason to read ours. */
const REMOTE = /^remote:.*$/gm;
/** Nothing works with less: an index of git's is larger. */
const NOTHING_LEFT = 1024 ** 2;

/** Pure: do these words, of git or of a system call, say that there is no space left here? */
export function saysDiskFull(text: string): boolean {
  return WORDS.test(text.replaceAll(REMOTE, ""));
}

/** Failures that a full disk can stand behind without a word of it: "unable to write file", an agent that dies. */
const UNTOLD: ReadonlySet<Failure["kind"]> = new Set(["startup", "agent", "git"]);

/** Names the disk where it is what failed, and the folder that is on it. The disk's trouble costs an issue no attempt. */
export async function blameDisk(failure: Failure, folder: string): Promise<Failure> {
  const isDiskFailure = failure.kind === "disk";
  if (!isDiskFailure && !(UNTOLD.has(failure.kind) && (await isFull(folder)))) return failure;
  return { kind: "disk", message: `the disk with ${folder} is full: make space on it. ${failure.message}` };
}

async function isFull(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return bavail * bsize < NOTHING_LEFT || (files > 0 && ffree === 0);
  } catch {
    return false; // A folder that is not there is another trouble.
  }
}
