import { socketUrl, withPasswordFile } from "@tac8/core/config/redisUrl";
import { isSameProcess, type ProcessId } from "@tac8/core/process/procfs";
import { sharePassword } from "@tac8/core/config/joined";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** The file `$TAC8_HOME/redis/redis.json`, by which other commands find the Redis that `tac8 up` has started. */
export interface RedisRecord extends ProcessId {
  /** Address in the form of REDIS_URL. */
  readonly url: string;
  /** The `tac8 up` that restarts Redis at the same address; null: an older version wrote the record. */
  readonly keeper: ProcessId | null;
}

/** The content of the file. Versions up to 0.1 wrote a port of 127.0.0.1 instead of a socket. */
interface Written {
  readonly pid?: unknown;
  readonly startTime?: unknown;
  readonly socket?: unknown;
  readonly port?: unknown;
  readonly keeper?: { readonly pid?: unknown; readonly startTime?: unknown } | null;
}

export function redisFolder(dataFolder: string): string {
  return join(dataFolder, "redis");
}

function recordPath(dataFolder: string): string {
  return join(redisFolder(dataFolder), "redis.json");
}

/** Read the record. @returns null if it is missing or unreadable */
export function readRecord(dataFolder: string): RedisRecord | null {
  try {
    const written = JSON.parse(readFileSync(recordPath(dataFolder), "utf8")) as Written;
    const redis = processOf(written);
    const url = addressOf(written);
    return redis === null || url === null ? null : { ...redis, url, keeper: processOf(written.keeper ?? {}) };
  } catch {
    return null; // No Redis was started here, or a crash has left an incomplete file.
  }
}

function processOf({ pid, startTime }: { pid?: unknown; startTime?: unknown }): ProcessId | null {
  return isCount(pid) && isCount(startTime) ? { pid, startTime } : null;
}

function addressOf({ socket, port }: Written): string | null {
  if (typeof socket === "string" && isAbsolute(socket)) return socketUrl(socket);
  return isCount(port) && port < 65_536 ? `redis://127.0.0.1:${port}` : null;
}

export function writeRecord(
  dataFolder: string,
  record: ProcessId & { readonly socket: string; readonly keeper: ProcessId | null },
): void {
  const path = recordPath(dataFolder);
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${path}.new`, path);
}

export function removeRecord(dataFolder: string): void {
  rmSync(recordPath(dataFolder), { force: true });
}

/**
 * Return the address of the first Redis in these data folders that is running, or whose `tac8 up` is about to restart it. Until
 * then, a Redis on the default port must not be mistaken for it.
 */
export function redisUrlIn(homes: readonly string[]): string | null {
  for (const dataFolder of homes) {
    const record = readRecord(dataFolder);
    if (record === null) continue;
    const { keeper, url } = record;
    if (isSameProcess(record) || (keeper !== null && isSameProcess(keeper)))
      return withPasswordFile(url, sharePassword(dataFolder));
  }
  return null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
