import { presentRunners } from "@tac8/core/look/snapshot";
import { readPauses } from "@tac8/core/state/pause";
import { readRunners } from "@tac8/core/state/presence";
import type { Redis } from "ioredis";
import { Problem } from "./context.ts";
import { plain } from "./terminal/text.ts";

/**
 * The runner that a person names, whole (`pi/0`) or by its host alone (`pi`) where that has only one. One that is paused may
 * be away. @throws Problem
 */
export async function findRunner(redis: Redis, name: string, now: number): Promise<string> {
  const [present, paused] = await Promise.all([readRunners(redis), readPauses(redis)]);
  const names = [
    ...new Set([...presentRunners(present, now).map((runner) => runner.name), ...paused.keys()]),
  ].toSorted();
  if (names.includes(name)) return name;
  const ofHost = names.filter((known) => known.slice(0, known.lastIndexOf("/")) === name);
  const [only, ...more] = ofHost;
  if (only !== undefined && more.length === 0) return only;
  const list = (some: readonly string[]) => some.slice(0, 20).map(plain).join(", ");
  if (only !== undefined) throw new Problem(`${plain(name)} could be any of ${list(ofHost)}: name one`);
  const known = names.length === 0 ? "no runner is there" : `there are: ${list(names)}`;
  throw new Problem(`there is no runner ${plain(name).slice(0, 80)} (${known})`);
}
