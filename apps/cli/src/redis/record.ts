import { socketUrl, withPasswordFile } from "@tac8/core/config/redisUrl";
import { isSameProcess, type ProcessId } from "@tac8/core/process/procfs";
import { sharePassword } from "@tac8/core/config/joined";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";

/** `$TAC8_HOME/redis/redis.json`: the Redis that `tac8 up` started there, for the other commands. */
export interface RedisRecord extends ProcessId {
  /** As REDIS_URL has it. */
  readonly url: string;
  /** The `tac8 up` that starts it again, at the same address, when it ends; null: an older version wrote the record. */
  readonly keeper: ProcessId | null;
}

/** As it is written; versions up to 0.1 wrote a port of 127.0.0.1 instead of a socket. */
interface Written {
  readonly pid?: unknown;
  readonly startTime?: unknown;
  readonly socket?: unknown;
  readonly port?: unknown;
  readonly keeper?: { readonly pid?: unknown; readonly startTime?: unknown } | null;
}

export function redisFolder(home: string): string {
  return join(home, "redis");
}

function recordPath(home: string): string {
  return join(redisFolder(home), "redis.json");
}

/** @returns null where there is none that can be read */
export function readRecord(home: string): RedisRecord | null {
  try {
    const written = JSON.parse(readFileSync(recordPath(home), "utf8")) as Written;
    const redis = processOf(written);
    const url = addressOf(written);
    return redis === null || url === null ? null : { ...redis, url, keeper: processOf(written.keeper ?? {}) };
  } catch {
    return null; // None was started here, or its file was cut off by a crash: the same for whoever looks for it.
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
  home: string,
  record: ProcessId & { readonly socket: string; readonly keeper: ProcessId | null },
): void {
  const path = recordPath(home);
  writeFileSync(`${path}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${path}.new`, path);
}

export function removeRecord(home: string): void {
  rmSync(recordPath(home), { force: true });
}

/**
 * Return the address of the first Redis of tac8's own in these data folders: one that lives, or whose `tac8 up` is about to
 * start it again. In between, another Redis on the usual port must not be taken for it.
 */
export function redisUrlIn(homes: readonly string[]): string | null {
  for (const home of homes) {
    const record = readRecord(home);
    if (record === null) continue;
    const { keeper, url } = record;
    if (isSameProcess(record) || (keeper !== null && isSameProcess(keeper)))
      return withPasswordFile(url, sharePassword(home));
  }
  return null;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}
