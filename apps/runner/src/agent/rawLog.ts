import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";

/** The agent's output, byte by byte, on disk. A log that can't be written never harms the agent: see `error`. */
export interface RawLog {
  /** Resolves when the bytes are written, or dropped because the log has failed. Never rejects. One call at a time. */
  write(chunk: Uint8Array): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
  readonly bytes: number;
  /** The first failure (disk full, folder not writable); nothing is written after it. */
  readonly error: Error | null;
}

/** Opens (appending) or creates the file, mode 0600, and its folders. Never rejects. */
export async function openRawLog(path: string): Promise<RawLog> {
  let bytes = 0;
  let failure: Error | null = null;
  const fail = (error: unknown): null => {
    failure ??= new Error(`raw log ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
    return null;
  };
  let file = await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    .then(() => open(path, "a", 0o600))
    .catch(fail);
  return {
    async write(chunk) {
      if (file === null || failure !== null) return;
      const written = await file.appendFile(chunk).then(() => true, fail);
      if (written === true) bytes += chunk.length;
    },
    async close() {
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
