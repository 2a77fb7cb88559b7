import type { Path } from "../../files/files.ts";

/**
 * Requests of the runner to a place helper, and its answers, in frames on the helper's standard input and output. The runner
 * gives each request an id. Each request but `cancel` and `ack` gets one answer; the order of the answers is free.
 *
 * State of a request: pending, answered. Only a pending stream gets chunks, and only as many as were acknowledged.
 */
export type Request =
  | {
      readonly op: "exists" | "ownFolder" | "openFolder" | "openTree" | "remove" | "removeEmpty" | "realPath";
      readonly path: string;
    }
  | { readonly op: "stat"; readonly path: WirePath }
  /** `max`: entries; null: all of them, or an error. The answer's payload has them, see `encodeEntries`. */
  | { readonly op: "list"; readonly path: WirePath; readonly max: number | null }
  /** The answer's payload is the content, its value whether there is a plain file. */
  | { readonly op: "readFile"; readonly path: WirePath; readonly maxBytes: number }
  /** The payload is the content. */
  | { readonly op: "writeFile"; readonly path: string; readonly mode?: number | undefined }
  | { readonly op: "makeFolder"; readonly path: string; readonly mode?: number | undefined }
  | { readonly op: "move" | "copy"; readonly path: string; readonly to: string }
  | { readonly op: "hasProgram"; readonly path: string; readonly name: string }
  /** The payload is its input. The answer's value is a `GitEnd`, its payload standard output and the words. */
  | (GitRequest & { readonly op: "git"; readonly hasInput: boolean; readonly maxBytes: number })
  /** Chunks, each with the payload of some output, then the answer: its value is a `StreamEnd`, its payload the words. */
  | (GitRequest & { readonly op: "stream" })
  /** End the git command of this id; `force`: by SIGKILL. */
  | { readonly op: "cancel"; readonly force: boolean }
  /** The reader of the stream of this id has taken this many chunks, so as many more may be sent. */
  | { readonly op: "ack"; readonly chunks: number };

interface GitRequest {
  readonly dir: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly timeoutMs: number;
}

export type Numbered<T> = T & { readonly id: number };

export type Answer =
  | { readonly id: number; readonly kind: "value"; readonly value: unknown }
  | { readonly id: number; readonly kind: "error"; readonly code: string | null; readonly message: string }
  | { readonly id: number; readonly kind: "chunk" };

export interface GitEnd {
  /** Null: no answer, see `GitAnswer`. */
  readonly code: number | null;
  /** How many bytes of the payload are standard output; the rest are the words. */
  readonly output: number;
  /** What happened, where git has no words. */
  readonly how: string;
  /** What is at the folder, where there is no exit code. */
  readonly folder: "folder" | "missing" | "other";
}

export interface StreamEnd {
  readonly code: number | null;
  readonly timedOut: boolean;
}

/** Bytes that need not be text, in JSON. */
export type WirePath = string | { readonly bytes: string };

const MB = 1024 * 1024;
/** The kernel takes 2 MB of arguments and environment; as JSON they may be three times as large. */
export const MAX_REQUEST_HEADER = 8 * MB;
export const MAX_ANSWER_HEADER = 64 * 1024;
/** Of a request, and of the answer to one that names a higher limit. */
export const MAX_PAYLOAD = 256 * MB;
/** Of a folder: 100,000 entries take the helper about 30 MB. */
export const MAX_ENTRIES = 100_000;
/** A name has 255 bytes at most, and each that is no text becomes three. */
export const MAX_ENTRY_BYTES = 800;
/** Of git's standard error. */
export const MAX_WORDS = MB;
/** Of an error's message, in characters. */
export const MAX_MESSAGE = 4000;
export const MAX_CHUNK = 64 * 1024;
/** Chunks of one stream that are sent and not yet taken by its reader. */
export const WINDOW = 16;
/** Chunks that one `ack` reports. Fewer than the window, or a stream could stop. */
export const ACK_EVERY = 4;

export function toWire(path: Path): WirePath {
  return typeof path === "string" ? path : { bytes: path.toString("base64") };
}

export function fromWire(path: WirePath): Path {
  return typeof path === "string" ? path : Buffer.from(path.bytes, "base64");
}
