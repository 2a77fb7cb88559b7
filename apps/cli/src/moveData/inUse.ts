import { readMachineIds } from "@tac8/core/process/machineIds";
import { readProc } from "@tac8/core/process/procfs";
import { presentRunners } from "@tac8/core/status/snapshot";
import { dataFolderIdOf, idOf, readRunners } from "@tac8/core/state/presence";
import { readLease } from "@tac8/core/state/schedulerLease";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join, sep } from "node:path";
import { Problem } from "../problems/problem.ts";
import { withRedis } from "../redis/connect.ts";
import { holdFile } from "../up/lock.ts";

const MAX_NAMED = 5;
const AGAIN = "if you have just stopped it, try again in";

/**
 * Acquire the locks of all slots of the data folder, so that no runner starts on it meanwhile.
 * @returns a function that releases them
 * @throws Problem if a runner has one of them
 */
export async function holdSlots(dataFolder: string): Promise<() => void> {
  const folder = join(dataFolder, "runs");
  const releases: (() => void)[] = [];
  const release = (): void => releases.forEach((each) => each());
  for (const name of namesIn(folder).filter((each) => /^slot-\d+\.lock$/.test(each))) {
    const held = await holdFile(join(folder, name));
    if (held === null) {
      release();
      throw new Problem(`a runner is running on ${dataFolder} (lock: ${name}): stop it first`);
    }
    releases.push(held);
  }
  return release;
}

/**
 * Find what else uses the data folder: apps that are announced in Redis, and processes with an open file or their working folder
 * in it, as far as this user can see them.
 * @returns one line each
 */
export async function usersOf(
  places: readonly string[],
  { redisUrl, now }: { redisUrl: string; now: number },
): Promise<string[]> {
  const apps = await withRedis(redisUrl, (redis) => presentApps(redis, now, idsIn(places)), "").catch(() => []); // No app works without Redis.
  const processes = processesIn(places);
  const named = processes.slice(0, MAX_NAMED).map(({ pid, name }) => `${pid} (${name})`);
  const more = processes.length > MAX_NAMED ? ` and ${processes.length - MAX_NAMED} more` : "";
  return [...apps, ...(named.length === 0 ? [] : [`processes ${named.join(", ")}${more} use it: stop them first`])];
}

async function presentApps(
  redis: Parameters<typeof readRunners>[0],
  now: number,
  homes: readonly string[],
): Promise<string[]> {
  const scheduler = await readLease(redis, await readMachineIds());
  const runners = presentRunners(await readRunners(redis), now).filter((runner) => {
    // A runner of an older version has no id, so it may use any data folder of its machine.
    return runner.wantedHost === undefined ? runner.host === hostname() : homes.includes(dataFolderIdOf(idOf(runner)));
  });
  return [
    ...(scheduler === null
      ? []
      : [`its scheduler is running (process ${scheduler.pid} on ${scheduler.host}): stop tac8; ${AGAIN} a minute`]),
    ...runners.map(({ name, at }) => {
      const seconds = Math.max(0, Math.round((now - at) / 1000));
      return `its runner ${name} was running ${seconds} s ago: stop tac8; ${AGAIN} 30 seconds`;
    }),
  ];
}

/** Return the ids of the data folders that have one. */
export function idsIn(places: readonly string[]): string[] {
  return places.flatMap((place) => {
    try {
      return [readFileSync(join(place, "id"), "utf8").trim()];
    } catch {
      return []; // No runner has ever used this folder.
    }
  });
}

function processesIn(places: readonly string[]): { pid: number; name: string }[] {
  const inside = (path: string) => places.some((place) => path === place || path.startsWith(place + sep));
  return namesIn("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const links = [`/proc/${pid}/cwd`, ...namesIn(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)];
      return links.some((link) => inside(targetOf(link))) ? [{ pid: Number(pid), name: nameOf(pid) }] : [];
    });
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return ""; // The process ended, or belongs to another user.
  }
}

function nameOf(pid: string): string {
  return readProc(`/proc/${pid}/comm`)?.trim() ?? "ended meanwhile";
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
