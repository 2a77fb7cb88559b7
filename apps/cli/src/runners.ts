import { presentRunners } from "@tac8/core/look/snapshot";
import { readPauses } from "@tac8/core/state/pause";
import { readRunners, type RunnerPresence } from "@tac8/core/state/presence";
import type { Redis } from "ioredis";
import { Problem } from "./context.ts";
import { plain } from "./terminal/text.ts";

/**
 * The runner that a person names: whole (`pi/0`), by its host alone (`pi`) where that has only one, or by a slot of it as
 * events name it (`pi/1`). One that is paused may be away. @throws Problem
 */
export async function findRunner(redis: Redis, name: string, now: number): Promise<string> {
  const [present, paused] = await Promise.all([readRunners(redis), readPauses(redis)]);
  const there = presentRunners(present, now);
  const names = [...new Set([...there.map((runner) => runner.name), ...paused.keys()])].toSorted();
  if (names.includes(name)) return name;
  const owner = ownerOf(name, there);
  if (owner !== null) return owner;
  const ofHost = names.filter((known) => hostOf(known) === name);
  const [only, ...more] = ofHost;
  if (only !== undefined && more.length === 0) return only;
  const list = (some: readonly string[]) => some.slice(0, 20).map(plain).join(", ");
  if (only !== undefined) throw new Problem(`${plain(name)} could be any of ${list(ofHost)}: name one`);
  const known = names.length === 0 ? "no runner is there" : `there are: ${list(names)}`;
  throw new Problem(`there is no runner ${plain(name).slice(0, 80)} (${known})`);
}

/** The runner that works in the slot now, or else the only one of its host, where that has so many slots. */
function ownerOf(slot: string, there: readonly RunnerPresence[]): string | null {
  const busy = there.find(({ runs }) => runs?.some((run) => run.slot === slot));
  if (busy !== undefined) return busy.name;
  const [only, ...more] = there.filter(({ name }) => hostOf(name) === hostOf(slot));
  const number = /\/(\d+)$/.exec(slot)?.[1];
  if (only === undefined || more.length > 0 || number === undefined) return null;
  return Number(number) < only.slots ? only.name : null;
}

/** The name's part before its number. */
function hostOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/"));
}
