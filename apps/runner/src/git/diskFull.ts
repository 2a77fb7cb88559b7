import { statfs } from "node:fs/promises";
import type { Failure } from "@tac8/core/domain/failures";

const WORDS = /no space left on device|\bENOSPC\b|\bEDQUOT\b|disk quota exceeded|disc quota exceeded/i;
/** Output of the server, whose full disk says nothing about ours. */
const REMOTE = /^remote:.*$/gm;
/** Less free space than this is a full disk: git's index is larger. */
const NOTHING_LEFT = 1024 ** 2;

/** Return whether a message of git or of a system call says that the local disk is full. Pure. */
export function saysDiskFull(text: string): boolean {
  return WORDS.test(text.replaceAll(REMOTE, ""));
}

/**
 * Kinds of failures that a full disk can cause without being mentioned: "unable to write file", an agent that crashes.
 */
const CAN_HIDE_DISK: ReadonlySet<Failure["kind"]> = new Set(["startup", "agent", "git"]);

/** Return a failure of kind `disk`, with the folder, if the disk is the cause. Such a failure uses no attempt. */
export async function attributeToDisk(failure: Failure, folder: string): Promise<Failure> {
  const isDiskFailure = failure.kind === "disk";
  if (!isDiskFailure && !(CAN_HIDE_DISK.has(failure.kind) && (await isFull(folder)))) return failure;
  return { kind: "disk", message: `the disk with ${folder} is full: make space on it. ${failure.message}` };
}

async function isFull(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return bavail * bsize < NOTHING_LEFT || (files > 0 && ffree === 0);
  } catch {
    return false; // A missing folder is another problem.
  }
}
