import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";
import { EVENTS_KEY } from "@tac8/core/state/keys";

const FAMILIES = {
  "Redis: issues' hashes": "tac8:issue:*",
  "Redis: live streams of runs": "tac8:run:*",
  "Redis: diffs": "tac8:diff:*",
  "Redis: queue": "bull:issues:*",
};

/** Measure the keys of Redis by their kind, in bytes, and its whole memory. */
export async function measureRedis(redis: Redis): Promise<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const [name, match] of Object.entries(FAMILIES)) {
    let [bytes, count] = [0, 0];
    for await (const keys of redis.scanStream({ match, count: 500 })) {
      const sizes = await Promise.all((keys as string[]).map((key) => redis.memory("USAGE", key, "SAMPLES", 0)));
      bytes += sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
      count += sizes.length;
    }
    values[`${name}, kB`] = bytes / 1000;
    values[`${name}, keys`] = count;
  }
  values["Redis: events"] = await redis.xlen(EVENTS_KEY);
  const info = await redis.info("memory");
  values["Redis: memory, kB"] = Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0) / 1000;
  return values;
}

const FOLDERS = ["repos", "issues", "homes", "workspaces", "runs"];

/**
 * Measure the folders of the data folder, the folder of Redis, and the folder with the output of tac8's processes: bytes on the
 * disk, and number of files.
 */
export function measureDisk(
  home: string,
  { redis, journal }: { readonly redis: string; readonly journal: string },
): Record<string, number> {
  const sized = Object.entries({
    "conversations' logs": join(home, "logs"),
    ...Object.fromEntries(FOLDERS.map((name) => [name, join(home, name)])),
    "append-only file": redis,
    "output of the processes": journal,
  }).flatMap(([name, path]) => {
    const { bytes, files } = sizeOf(path);
    return [[`disk: ${name}, kB`, bytes / 1000] as const, [`disk: ${name}, files`, files] as const];
  });
  return Object.fromEntries(sized);
}

function sizeOf(path: string): { readonly bytes: number; readonly files: number } {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { bytes: 0, files: 0 };
  if (!stat.isDirectory()) return { bytes: stat.blocks * 512, files: 1 };
  const parts = readdirSync(path).map((name) => sizeOf(join(path, name)));
  return {
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
    files: parts.reduce((sum, part) => sum + part.files, 0),
  };
}

/** Return how much was written to a block device since it was attached, in kB; 0 without a device. */
export function writtenTo(device: string | undefined): number {
  if (device === undefined) return 0;
  const fields = readFileSync(`/sys/block/${device}/stat`, "utf8").trim().split(/\s+/);
  return (Number(fields[6]) * 512) / 1000;
}
