import { messageOf } from "@tac8/core/domain/messageOf";
import { makeDataFolder } from "@tac8/core/app/makeDataFolder";
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";

type FolderState = "fine" | "open" | "missing" | "made" | "no folder" | "not writable" | { readonly failed: string };

export const folders: Check = {
  name: "Folders",
  limitMs: 5000,
  async inspect({ config, notice, fix, command }) {
    const { base_dir: trees } = config.worktree;
    const home = evaluateFolder(config.dataFolder, folderState(config.dataFolder, fix ? makeDataFolder : null));
    const makeTrees = (path: string): unknown => mkdirSync(path, { recursive: true });
    const others = isAbsolute(trees) ? [evaluateFolder(trees, folderState(trees, fix ? makeTrees : null))] : [];
    return [home, ...(notice === null ? [] : [note(notice, `${command} move-data moves it there`)]), ...others];
  },
};

/** Return the state of a folder. `make`: creates a missing folder; null: do not create it. */
function folderState(path: string, make: ((path: string) => unknown) | null): FolderState {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there === undefined) {
    if (make === null) return "missing";
    try {
      make(path);
      return "made";
    } catch (error) {
      return { failed: messageOf(error) };
    }
  }
  if (!there.isDirectory()) return "no folder";
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    // The permission to enter the folder is harmless, because tac8 creates no file in it that other users can read.
    return (there.mode & 0o066) === 0 ? "fine" : "open";
  } catch {
    return "not writable";
  }
}

/** Pure. */
/** Evaluate the state of a folder. Pure. */
export function evaluateFolder(path: string, state: FolderState): Finding {
  const elsewhere = "set TAC8_HOME (or worktree.base_dir) to another";
  if (typeof state === "object") return problem(`cannot create ${path}: ${state.failed}`, elsewhere);
  switch (state) {
    case "fine":
      return ok(path);
    case "open":
      return note(`other users of this machine can open ${path}`, `chmod 700 ${path}`);
    case "made":
      return ok(`created ${path}`);
    case "missing":
      return note(`${path} does not exist yet`, "it is created at the first start, or by tac8 doctor --fix");
    case "no folder":
      return problem(`${path} is not a folder`, `remove or rename it, or ${elsewhere}`);
    case "not writable":
      return problem(`this user cannot write to ${path}`, `chown it to the user that runs tac8, or ${elsewhere}`);
    default:
      return state satisfies never;
  }
}
