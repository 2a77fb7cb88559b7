import { messageOf } from "@tac8/core/domain/messageOf";
import { addFormerPlaces } from "@tac8/core/config/formerPlaces";
import { readPointer, writePointer } from "@tac8/core/config/movedTo";
import { lstatSync, realpathSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { Problem, unreachable } from "../problems/problem.ts";
import { stopLeftover } from "../redis/embedded.ts";
import { holdHome } from "../up/lock.ts";
import { copyFolder, firstDifference } from "./copy.ts";
import { holdSlots, usersOf } from "./inUse.ts";
import { readMark, removeEmpty, removeMark, stateOf, syncFolder, writeMark, type MoveMark } from "./mark.ts";
import { planMove } from "./plan.ts";
import { repairPaths } from "./repair.ts";

export interface MoveRequest {
  /** Absolute. */
  readonly from: string;
  readonly to: string;
  readonly redisUrl: string;
  readonly now: number;
  /**
   * The default data folder of the configuration; null: there is none, or TAC8_HOME decides. A pointer beside it leads to the
   * new place, from the moment that the move begins.
   */
  readonly standard?: string | null;
  /** One line for the operator. */
  readonly say: (line: string) => void;
  /** For tests: as if both were on different file systems. */
  readonly alwaysCopy?: boolean;
}

/**
 * Moves a data folder, so that an interruption at any point loses nothing and a second call finishes it: a rename, or on another
 * file system a copy that is compared before the old folder goes. Then repairs the paths that git keeps in it.
 * @returns whether anything was moved
 * @throws Problem when something uses it, or it cannot be moved; it is then as it was
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
      throw new Problem(`${to} already has data: use another folder, or move that one away`);
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
  const lock = await holdHome(from);
  let releaseSlots = (): void => undefined;
  try {
    releaseSlots = await holdSlots(from);
    await stopLeftover(from); // Its `up` was killed, else it had the lock.
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

/** False: they are on different file systems, or the old folder is a mount. */
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

/** `to` appears when it is complete, and says so. */
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

/** What comes after the data is at its new place; all of it may be repeated. */
async function finish({ from, to, standard = null }: MoveRequest): Promise<void> {
  const places = readMark(to)?.from ?? [from];
  await removeOld(from);
  repairPaths({ from: places, to });
  addFormerPlaces(to, places);
  if (standard !== null) writePointer(standard, to);
  removeMark(to);
}

/** By one rename out of the way, so that nothing takes what is left of it for the data. That cannot be done with a mount. */
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
