import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { within } from "@tac8/core/app/within";

/** A disk that does not respond for this long counts as missing. */
const ANSWER_MS = 5000;

/** Return a problem of the data folder, for users; null if it is the one that the runner started with. */
export type DataFolderCheck = () => Promise<string | null>;

export interface DataFolderCheckOptions {
  readonly dataFolder: string;
  /** The id at the start. */
  readonly id: string;
  readonly answerMs?: number;
}

/** Return a check of the data folder: one small read, at most one at a time, and bounded in time. */
export function createDataFolderCheck({
  dataFolder,
  id,
  answerMs = ANSWER_MS,
}: DataFolderCheckOptions): DataFolderCheck {
  let asked: Promise<string | null> | null = null;
  return async () => {
    // The last read of a disk that hangs has not returned.
    asked ??= troubleOf(dataFolder, id).finally(() => (asked = null));
    const answer = asked;
    if (!(await within(answer, answerMs))) return `the disk with the data folder ${dataFolder} does not respond`;
    return answer;
  };
}

async function troubleOf(dataFolder: string, id: string): Promise<string | null> {
  try {
    const found = (await readFile(join(dataFolder, "id"), "utf8")).trim();
    if (found !== id)
      return `the data folder ${dataFolder} is not the one that this runner started with: restart the runner`;
    await access(dataFolder, constants.W_OK);
    return null;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      return `the data folder ${dataFolder} is missing or empty: mount its disk or restore the folder, or restart the runner to start with a new one`;
    }
    if (code === "EROFS" || code === "EACCES" || code === "EPERM") {
      return `the data folder ${dataFolder} cannot be written to (${code}): check its disk and its owner`;
    }
    return `the data folder ${dataFolder} cannot be read (${code ?? message}): check its disk`;
  }
}
