import { pino, stdSerializers, type DestinationStream, type LevelWithSilent, type Logger } from "pino";

import { rounded } from "../domain/formats.ts";
import { createLineRedactor } from "./redact.ts";

export type { Logger } from "pino";

export interface LoggerOptions {
  /** Name of the process, for example `runner`. */
  name: string;
  level?: LevelWithSilent | undefined;
  /** Receives one JSON line at a time. Default: standard output. */
  destination?: DestinationStream | undefined;
  /** Formats a JSON line after secrets were removed from it, see `lineFormat`. */
  format?: ((line: string) => string) | undefined;
  /** Removed from every line, in all their encodings. A text that looks like a token is always removed. */
  secrets: readonly string[];
}

/** Create a pino logger that redacts the complete JSON line: message, fields, nested errors and stacks. */
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
 * Return standard output without a synchronous flush: pino would use it for each fatal line, which would then overtake buffered lines, or
 * be written into the middle of one. The buffered lines are written when the process exits.
 */
function standardOutput(): DestinationStream {
  const stream = pino.destination({ dest: 1, sync: false });
  return { write: (line) => void stream.write(line) };
}
