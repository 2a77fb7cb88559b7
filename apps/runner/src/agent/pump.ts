import type { Readable } from "node:stream";
import { createLineSplitter, type Line } from "@tac8/core/conversation/lines";
import type { RawLog } from "./rawLog.ts";

export interface PumpOptions {
  readonly stdout: Readable;
  readonly rawLog: RawLog;
  readonly onBytes: () => void;
  readonly onLine: (line: Line) => void;
}

/**
 * Read the output until its end. Write each chunk to the raw log first, then pass it to the reader, no faster than the
 * disk.
 */
export async function pump({ stdout, rawLog, onBytes, onLine }: PumpOptions): Promise<void> {
  const lines = createLineSplitter();
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    onBytes();
    await rawLog.write(chunk);
    for (const line of lines.push(chunk)) onLine(line);
  }
  for (const line of lines.end()) onLine(line);
}
