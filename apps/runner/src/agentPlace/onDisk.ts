import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { StepFailure } from "@tac8/core/domain/failures";
import { GitRefusal } from "../git/gitRefusal.ts";

/** Kind of file at the path of a folder in which a git command could not be started. */
export type StartFolder = "folder" | "missing" | "other";

export function startFolderAt(dir: string): StartFolder {
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found === undefined) return "missing";
  return found.isDirectory() ? "folder" : "other";
}

/** Check the folder of a git command that could not be started. Pure. @throws StepFailure if the folder is missing, GitRefusal if it is no folder */
export function assertFolder(dir: string, found: StartFolder): void {
  if (found === "missing") throw new StepFailure({ kind: "git", message: `the folder ${dir} is missing` });
  if (found === "other") throw new GitRefusal(`not a git repository: ${dir} is not a folder`);
}

/** Return whether a program is in one of the folders of a PATH. */
export function isOnPath(path: string, name: string): boolean {
  return path.split(delimiter).some((folder) => folder !== "" && isExecutable(join(folder, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
