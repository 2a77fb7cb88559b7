import { presentRunners } from "@tac8/core/status/snapshot";
import { pausedName, readPauses } from "@tac8/core/state/pause";
import { idOf, readRunners, type RunnerPresence, type RunnerRef } from "@tac8/core/state/presence";
import type { Redis } from "ioredis";
import { Problem } from "../problems/problem.ts";
import { plain } from "../terminal/text.ts";

/**
 * Find the runner that an operator names: by its name (`pi/0`), by its host (`pi`) if that has only one runner, by one of its
 * slots as events name it (`pi/1`), or by its id. A paused runner may be offline. @throws Problem
 */
export async function findRunner(redis: Redis, name: string, now: number): Promise<RunnerRef> {
  const [present, paused] = await Promise.all([readRunners(redis), readPauses(redis)]);
  const there = presentRunners(present, now);
  const known = new Map<string, RunnerRef>();
  for (const [key, pause] of paused) known.set(key, { id: key, name: pausedName(key, pause) });
  for (const runner of there) {
    // A pause that an older version wrote has the former id.
    if (runner.formerId !== undefined) known.delete(runner.formerId);
    known.set(idOf(runner), runner);
  }
  const all = [...known.values()].toSorted((a, b) => a.name.localeCompare(b.name));
  const exact = all.find((runner) => runner.name === name) ?? known.get(name) ?? ownerOf(name, there);
  if (exact !== null) return exact;
  const ofHost = all.filter((runner) => hostOf(runner.name) === name);
  const [only, ...more] = ofHost;
  if (only !== undefined && more.length === 0) return only;
  const list = (some: readonly RunnerRef[]) =>
    some
      .slice(0, 20)
      .map((runner) => plain(runner.name))
      .join(", ");
  if (only !== undefined) throw new Problem(`${plain(name)} matches several runners: use one of ${list(ofHost)}`);
  const answer = all.length === 0 ? "no runner is running" : `runners: ${list(all)}`;
  throw new Problem(`unknown runner ${plain(name).slice(0, 80)} (${answer})`);
}

/** Return the runner that uses the slot now; otherwise the only runner of the host, if it has this slot. */
function ownerOf(slot: string, there: readonly RunnerPresence[]): RunnerPresence | null {
  const busy = there.find(({ runs }) => runs?.some((run) => run.slot === slot));
  if (busy !== undefined) return busy;
  const [only, ...more] = there.filter(({ name }) => hostOf(name) === hostOf(slot));
  const number = /\/(\d+)$/.exec(slot)?.[1];
  if (only === undefined || more.length > 0 || number === undefined) return null;
  return Number(number) < only.slots ? only : null;
}

/** Return the part of the name before its number. */
function hostOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/"));
}
