import { readdir, readFile, statfs } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { join } from "node:path";
import { freeBytes } from "@tac8/core/domain/freeSpace";
import type { HostReading } from "@tac8/core/domain/host";
import type { DataFolderCheck } from "./dataFolderCheck.ts";
import type { ClockCheck } from "./clockCheck.ts";

const MB = 1024 ** 2;
const GB = 1e9;

export interface HostChecks {
  /** The data folder, and other folders that agents write to. */
  readonly folders: readonly string[];
  readonly dataFolderTrouble: DataFolderCheck;
  readonly clockTrouble: ClockCheck;
  /** Parent folder of `/proc` and `/sys`; another folder only in tests. */
  readonly root?: string;
}

export async function readHost({
  folders,
  dataFolderTrouble,
  clockTrouble,
  root = "/",
}: HostChecks): Promise<HostReading> {
  const dataFolder = await dataFolderTrouble();
  return {
    dataFolder,
    clock: await clockTrouble(),
    freeMemoryMb: await freeMemoryMb(root),
    freeDiskGb: dataFolder === null ? await freeDiskGb(folders) : null,
    loadPerCore: (loadavg()[0] ?? 0) / availableParallelism(),
    temperatureC: await temperatureC(root),
  };
}

/** Free space of the disk of these folders that has the least, in GB (see `freeBytes`). Null: none of them can be read. */
export async function freeDiskGb(folders: readonly string[]): Promise<number | null> {
  const disks = await Promise.all(folders.map((folder) => statfs(folder).catch(() => null)));
  const free = disks.filter((disk) => disk !== null).map((disk) => freeBytes(disk) / GB);
  return free.length === 0 ? null : Math.min(...free);
}

/** Return the free memory of the host, or of the container if its limit leaves less. File cache counts as free. */
async function freeMemoryMb(root: string): Promise<number | null> {
  const meminfo = await text(join(root, "proc/meminfo"));
  const host = kilobytes(meminfo, "MemAvailable");
  const limits = [
    await freeOfGroup(join(root, "sys/fs/cgroup"), { max: "memory.max", used: "memory.current", files: "file" }),
    await freeOfGroup(join(root, "sys/fs/cgroup/memory"), {
      max: "memory.limit_in_bytes",
      used: "memory.usage_in_bytes",
      files: "total_cache",
    }),
  ].filter((free) => free !== null);
  const all = host === null ? limits : [host * 1024, ...limits];
  return all.length === 0 ? null : Math.round(Math.min(...all) / MB);
}

/**
 * Return the free memory of a group; null if it does not exist or has no limit. In a container, its own group is at the
 * root.
 */
async function freeOfGroup(
  folder: string,
  names: { max: string; used: string; files: string },
): Promise<number | null> {
  const max = Number.parseInt(await text(join(folder, names.max)), 10);
  const used = Number.parseInt(await text(join(folder, names.used)), 10);
  if (Number.isNaN(max) || Number.isNaN(used)) return null;
  const stat = await text(join(folder, "memory.stat"));
  const files = Number(new RegExp(`^${names.files} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  return Math.max(0, max - Math.max(0, used - files));
}

async function temperatureC(root: string): Promise<number | null> {
  const folder = join(root, "sys/class/thermal");
  const zones = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith("thermal_zone"));
  const found = await Promise.all(
    zones.map(async (zone) => Number.parseInt(await text(join(folder, zone, "temp")), 10)),
  );
  const known = found.filter((milli) => !Number.isNaN(milli));
  return known.length === 0 ? null : Math.max(...known) / 1000;
}

export function kilobytes(status: string, name: string): number | null {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status);
  return found === null ? null : Number(found[1]);
}

/** Return the text of a file; empty if it cannot be read. */
async function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
