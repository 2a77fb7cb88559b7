import { messageOf } from "@tac8/core/domain/messageOf";
import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { createTail } from "./tail.ts";

/**
 * Maximum size: endless output of an agent must not fill the disk. Of a longer log, the beginning and the end are kept.
 */
const MAX_BYTES = 200 * 1024 ** 2;
const TAIL_BYTES = 1024 ** 2;

/** The output of an agent on disk: of a long output, its beginning and its end. A log that cannot be written never affects the agent: see `error`. */
export interface RawLog {
  /** Resolves when the bytes are written, or dropped because the log is full or has failed. Never rejects. One call at a time. */
  write(chunk: Uint8Array): Promise<void>;
  /** Write the end of a log that was too long. Idempotent. */
  close(): Promise<void>;
  /** Number of bytes written so far. */
  readonly bytes: number;
  /** The first failure (disk full, folder not writable). Nothing is written after it. */
  readonly error: Error | null;
}

export interface RawLogBounds {
  /** Limit for the file, without its end and the line that says what is left out. */
  readonly maxBytes?: number;
  readonly tailBytes?: number;
}

/** Open the file for appending, or create it with mode 0600, and its folders. Never rejects. */
export async function openRawLog(
  path: string,
  { maxBytes = MAX_BYTES, tailBytes = TAIL_BYTES }: RawLogBounds = {},
): Promise<RawLog> {
  let bytes = 0;
  let room = maxBytes;
  let over = 0;
  const tail = createTail(tailBytes);
  let failure: Error | null = null;
  const fail = (error: unknown): null => {
    failure ??= new Error(`raw log ${path}: ${messageOf(error)}`, {
      cause: error,
    });
    return null;
  };
  let file = await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    .then(() => open(path, "a", 0o600))
    .catch(fail);
  // A run that had to restart its session continues in the same file.
  if (file !== null) room -= (await file.stat().catch(fail))?.size ?? 0;

  async function append(chunk: Uint8Array): Promise<void> {
    if (file === null || failure !== null || chunk.length === 0) return;
    const written = await file.appendFile(chunk).then(() => true, fail);
    if (written === true) bytes += chunk.length;
  }
  return {
    async write(chunk) {
      const fits = chunk.subarray(0, Math.max(0, room));
      room -= fits.length;
      await append(fits);
      if (fits.length === chunk.length) return;
      const rest = chunk.subarray(fits.length);
      over += rest.length;
      tail.push(rest);
    },
    async close() {
      if (over > 0) await append(endOf(tail.text(), over, maxBytes));
      over = 0;
      const closing = file;
      file = null;
      await closing?.close().catch(fail);
    },
    get bytes() {
      return bytes;
    },
    get error() {
      return failure;
    },
  };
}

/** Return a line of its own among the agent's JSON lines, then the last complete lines. */
function endOf(text: string, over: number, maxBytes: number): Buffer {
  const end = Buffer.from(text.slice(text.indexOf("\n") + 1));
  const reason = `the log had grown to its limit of ${maxBytes} bytes`;
  const note = JSON.stringify({ type: "tac8", reason, bytes_left_out: Math.max(0, over - end.length) });
  return Buffer.concat([Buffer.from(`\n${note}\n`), end]);
}
