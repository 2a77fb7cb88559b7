import { messageOf } from "@tac8/core/domain/messageOf";
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const MAX_BYTES = 10 * 1024 * 1024;

export interface LogFile {
  append(line: string): void;
  close(): void;
}

/**
 * Open a file to which lines are appended. At 10 MB it is renamed to `<path>.1`, which replaces the previous one. A full disk causes
 * one warning and stops nothing.
 */
export function openLogFile(given: {
  readonly path: string;
  readonly warn: (line: string) => void;
  readonly maxBytes?: number;
}): LogFile {
  const { path, warn, maxBytes = MAX_BYTES } = given;
  let fd: number | null = null;
  let size = 0;
  let failed = false;

  function open(): number {
    if (fd === null) {
      mkdirSync(dirname(path), { recursive: true });
      fd = openSync(path, "a", 0o600);
      ({ size } = fstatSync(fd));
    }
    if (size < maxBytes) return fd;
    closeSync(fd);
    fd = null;
    renameSync(path, `${path}.1`);
    return open();
  }

  return {
    append(line) {
      try {
        size += writeSync(open(), `${line}\n`);
        failed = false;
      } catch (error) {
        if (!failed) warn(`the log ${path} cannot be written: ${messageOf(error)}`);
        failed = true;
      }
    },
    close() {
      if (fd !== null) closeSync(fd);
      fd = null;
    },
  };
}
