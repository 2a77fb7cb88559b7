import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { within } from "@tac8/core/app/within";

/** A disk that does not respond for this long counts as missing. */
const ANSWER_MS = 5000;

/** Return a problem of the data folder, for users; null if it is the one that the runner started with. */
export type HomeCheck = () => Promise<string | null>;

export interface HomeCheckOptions {
  readonly home: string;
  /** The id at the start. */
  readonly id: string;
  readonly answerMs?: number;
}

/** Return a check of the data folder: one small read, at most one at a time, and bounded in time. */
export function createHomeCheck({ home, id, answerMs = ANSWER_MS }: HomeCheckOptions): HomeCheck {
  let asked: Promise<string | null> | null = null;
  return async () => {
    // The last read of a disk that hangs has not returned.
    asked ??= troubleOf(home, id).finally(() => (asked = null));
    const answer = asked;
    if (!(await within(answer, answerMs))) return `the disk with the data folder ${home} does not respond`;
    return answer;
  };
}

async function troubleOf(home: string, id: string): Promise<string | null> {
  try {
    const found = (await readFile(join(home, "id"), "utf8")).trim();
    if (found !== id) return `the data folder ${home} is not the one that this runner started with: restart the runner`;
    await access(home, constants.W_OK);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return `the data folder ${home} is missing or empty: mount its disk or restore the folder, or restart the runner to start with a new one`;
    }
    if (code === "EROFS" || code === "EACCES" || code === "EPERM") {
      return `the data folder ${home} cannot be written to (${code}): check its disk and its owner`;
    }
    return `the data folder ${home} cannot be read (${code ?? message}): check its disk`;
  }
}
