import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { readProc } from "@tac8/core/process/procfs";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { sep } from "node:path";

/** A process that has the marker of a run in its environment. */
export interface Marked {
  readonly pid: number;
  readonly run: string;
  readonly name: string;
  readonly ageMs: number;
}

const MAX_ENVIRONMENT = 1_000_000;

/**
 * Return the marked processes that run in this data folder or have it in their environment, as far as `/proc` shows them. Another
 * tac8 on this machine has its own runs. In a container, only its own processes are visible.
 */
export function findMarked(dataFolder: string): Marked[] {
  const found: Marked[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const environment = `\0${(readProc(`/proc/${pid}/environ`) ?? "").slice(0, MAX_ENVIRONMENT)}`;
    const run = valueIn(environment, RUN_MARKER);
    if (run === null || !(environment.includes(dataFolder + sep) || cwdOf(pid).startsWith(dataFolder + sep))) continue;
    const name = readProc(`/proc/${pid}/comm`)?.trim();
    const since = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.ctimeMs;
    if (name !== undefined && since !== undefined) found.push({ pid, run, name, ageMs: Date.now() - since });
  }
  return found;
}

function valueIn(environment: string, name: string): string | null {
  const at = environment.indexOf(`\0${name}=`);
  if (at < 0) return null;
  const from = at + name.length + 2;
  const end = environment.indexOf("\0", from);
  return environment.slice(from, end < 0 ? undefined : end) || null;
}

function cwdOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // The process ended, or belongs to another user.
  }
}
