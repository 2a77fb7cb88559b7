import { messageOf } from "@tac8/core/domain/messageOf";
import { addFormerPaths } from "@tac8/core/config/formerPaths";
import { readPointer, writePointer } from "@tac8/core/config/movedTo";
import { lstatSync, realpathSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { Problem, unreachable } from "../problems/problem.ts";
import { stopLeftover } from "../redis/embedded.ts";
import { holdDataFolder } from "../up/lock.ts";
import { copyFolder, firstDifference } from "./copy.ts";
import { holdSlots, usersOf } from "./inUse.ts";
import { readMark, removeEmpty, removeMark, stateOf, syncFolder, writeMark, type MoveMark } from "./mark.ts";
import { planMove } from "./plan.ts";
import { repairPaths } from "./repair.ts";

export interface MoveRequest {
  /** Absolute path, as `to`. */
  readonly from: string;
  readonly to: string;
  readonly redisUrl: string;
  readonly now: number;
  /**
   * The default data folder of the configuration; null: there is none, or TAC8_HOME is set. From the start of the move, a pointer
   * file next to it has the path of the new folder.
   */
  readonly standard?: string | null;
  /** Prints one line for the operator. */
  readonly say: (line: string) => void;
  /** For tests: copy as if the folders were on different file systems. */
  readonly alwaysCopy?: boolean;
}

/**
 * Move a data folder by a rename or, to another file system, by a copy that is compared before the old folder is removed. Then
 * repair the paths that Git has written in it. An interruption at any point loses no data, and a second call finishes the move.
 * @returns whether anything was moved
 * @throws Problem if a process uses the folder, or if it cannot be moved; it is then unchanged
 */
export async function moveDataFolder(request: MoveRequest): Promise<boolean> {
  const { from, to, say } = request;
  if (isInside(to, from) || isInside(from, to))
    throw new Problem(`cannot move ${from} to ${to}: one is inside the other`);
  if (lstatSync(from, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    throw new Problem(
      `${from} is a link to ${realpathSync(from)}, and its data stays there: set TAC8_HOME to that folder instead`,
    );
  }
  const plan = planMove({ source: stateOf(from), target: stateOf(to) });
  switch (plan.do) {
    case "nothing":
      return false;
    case "refuse":
      throw new Problem(`${to} already has data: use another folder, or remove that data first`);
    case "finish":
      say("an earlier move was interrupted: completing it now");
      await finish(request);
      return true;
    case "move":
      await move(request);
      return true;
    default:
      return unreachable(plan);
  }
}

async function move(request: MoveRequest): Promise<void> {
  const { from, to, redisUrl, now, standard = null } = request;
  const lock = await holdDataFolder(from);
  let releaseSlots = (): void => undefined;
  try {
    releaseSlots = await holdSlots(from);
    await stopLeftover(from); // The Redis of a killed `up`: a running `up` would have the lock.
    const places = [...new Set([from, realpathSync(from)])];
    const users = await usersOf(places, { redisUrl, now });
    if (users.length > 0) throw new Problem(users.map((line) => `${from} is in use: ${line}`));
    const mark: MoveMark = { from: places, to, copied: false };
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    writeMark(from, mark);
    const pointed = standard === null ? null : readPointer(standard);
    try {
      if (standard !== null && to !== standard) {
        await mkdir(dirname(standard), { recursive: true, mode: 0o700 });
        writePointer(standard, to);
      }
      if (request.alwaysCopy === true || !(await renamed(request))) await copy(request, mark);
    } catch (error) {
      if (stateOf(to) !== "copied") {
        removeMark(from);
        if (standard !== null) writePointer(standard, pointed);
      }
      throw new Problem(`cannot move ${from} to ${to}; nothing was changed: ${messageOf(error)}`, { cause: error });
    }
  } finally {
    releaseSlots();
    lock.release();
  }
  await finish(request);
}

/** Rename the folder. @returns false if the folders are on different file systems, or if the old one is a mount point */
async function renamed({ from, to }: MoveRequest): Promise<boolean> {
  if (stateOf(to) === "none") removeEmpty(to);
  else await rm(to, { recursive: true, force: true }); // An incomplete copy.
  try {
    await rename(from, to);
  } catch (error) {
    if (!["EXDEV", "EBUSY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return false;
  }
  syncFolder(dirname(to));
  return true;
}

/** Copy the folder. `to` appears when the copy is complete and marked as such. */
async function copy({ from, to, say }: MoveRequest, mark: MoveMark): Promise<void> {
  const fresh = join(dirname(to), `.${basename(to)}.moving`);
  say(`copying ${from} to ${to} …`);
  await rm(fresh, { recursive: true, force: true });
  try {
    await copyFolder(from, fresh);
    const different = firstDifference(from, fresh);
    if (different !== null) throw new Error(`the copy of ${join(from, different)} differs: a program may still use it`);
    writeMark(fresh, { ...mark, copied: true });
    if (stateOf(to) === "none") removeEmpty(to);
    else await rm(to, { recursive: true, force: true });
    await rename(fresh, to);
    syncFolder(dirname(to));
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Complete a move after the data is in the new folder. Safe to repeat. */
async function finish({ from, to, standard = null }: MoveRequest): Promise<void> {
  const places = readMark(to)?.from ?? [from];
  await removeOld(from);
  repairPaths({ from: places, to });
  addFormerPaths(to, places);
  if (standard !== null) writePointer(standard, to);
  removeMark(to);
}

/** Remove the old folder. It is renamed first, so that no program uses a partly removed folder. A mount point cannot be renamed. */
async function removeOld(from: string): Promise<void> {
  if (stateOf(from) === "none") return;
  const moved = join(dirname(from), `.${basename(from)}.moved`);
  try {
    await rm(moved, { recursive: true, force: true });
    await rename(from, moved);
    await rm(moved, { recursive: true, force: true });
  } catch (error) {
    throw new Problem(
      `the data is copied, but the old folder ${from} cannot be removed (${messageOf(error)}): remove it, then run tac8 move-data again`,
      { cause: error },
    );
  }
}

function isInside(path: string, folder: string): boolean {
  return resolve(path).startsWith(resolve(folder) + sep) || resolve(path) === resolve(folder);
}
