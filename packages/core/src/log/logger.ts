import { pino, stdSerializers, type DestinationStream, type LevelWithSilent, type Logger } from "pino";

import { rounded } from "../domain/formats.ts";
import { createLineRedactor } from "./redact.ts";

export type { Logger } from "pino";

export interface LoggerOptions {
  /** Which process speaks, for example `runner`. */
  name: string;
  level?: LevelWithSilent | undefined;
  /** Gets one JSON line at a time; standard output when left out. */
  destination?: DestinationStream | undefined;
  /** What is written for a JSON line that has no secret any more, see `lineFormat`. */
  format?: ((line: string) => string) | undefined;
  /** Never to be seen in a line, in any of their forms; what looks like a token is taken out anyway. */
  secrets: readonly string[];
}

/** A pino logger of JSON lines that redacts the final line: message, fields, nested errors and stacks alike. */
export function createLogger({ name, level = "info", destination, format, secrets }: LoggerOptions): Logger {
  const redactLine = createLineRedactor(secrets);
  const options = {
    name,
    level,
    serializers: {
      err: stdSerializers.err,
      error: stdSerializers.err,
      cause: stdSerializers.err,
      costUsd: (usd: unknown) => (typeof usd === "number" ? rounded(usd) : usd),
    },
    hooks: { streamWrite: format === undefined ? redactLine : (line: string) => format(redactLine(line)) },
  };
  return pino(options, destination ?? standardOutput());
}

/**
 * Without a way to write at once: pino would take it for each fatal line, past the lines that are still on their way, or into the
 * middle of one. What is left at the process' end is written then.
 */
function standardOutput(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: false });
  return { write: (line) => void stream.write(line) };
}
