import type { Path } from "../../files/files.ts";
import type { GitInput } from "../../git/gitProcess.ts";

/**
 * Request of the runner to a helper. Requests and answers are frames on the helper's standard input and output. The runner gives
 * each request an id. Each request except `cancel` and `ack` gets one answer. The answers come in any order.
 *
 * State of a request: pending, answered. Only a pending stream gets chunks, and only as many as were acknowledged.
 */
export type Request =
  | {
      readonly op:
        | "exists"
        | "makeFolderPrivate"
        | "addOwnerRights"
        | "addOwnerRightsInTree"
        | "remove"
        | "removeEmpty"
        | "realPath";
      readonly path: string;
    }
  | { readonly op: "stat"; readonly path: WirePath }
  /** `max`: limit of entries; null for all of them, or an error. The answer's payload has the entries, see `encodeEntries`. */
  | { readonly op: "list"; readonly path: WirePath; readonly max: number | null }
  /** The answer's payload is the content. Its value says whether there is a plain file. */
  | { readonly op: "readFile"; readonly path: WirePath; readonly maxBytes: number }
  /** The payload is the content. */
  | { readonly op: "writeFile"; readonly path: string; readonly mode?: number | undefined }
  | { readonly op: "makeFolder"; readonly path: string; readonly mode?: number | undefined }
  | { readonly op: "move" | "copy"; readonly path: string; readonly to: string }
  | { readonly op: "hasProgram"; readonly path: string; readonly name: string }
  /** Null: no input. The answer's value is a `GitEnd`. Its payload is standard output, then standard error. */
  | (GitRequest & {
      readonly op: "git";
      readonly input: "payload" | Exclude<GitInput, Buffer> | null;
      readonly maxBytes: number;
    })
  /** The output comes in chunks, then the answer follows. Its value is a `StreamEnd`, its payload is standard error. */
  | (GitRequest & { readonly op: "stream" })
  /** End the git command of this id, with SIGKILL if `force`. */
  | { readonly op: "cancel"; readonly force: boolean }
  /** The reader of the stream has taken this many chunks, so the same number may be sent again. */
  | { readonly op: "ack"; readonly chunks: number };

interface GitRequest {
  readonly dir: string;
  /** Complete environment. */
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
  /** Null if there is no exit code, see `GitAnswer`. */
  readonly code: number | null;
  /** Number of bytes of standard output in the payload. The rest is standard error. */
  readonly output: number;
  /** Text that says how git ended, if standard error is empty. */
  readonly how: string;
  /** Kind of file at the path of the folder, if there is no exit code. */
  readonly folder: "folder" | "missing" | "other";
}

export interface StreamEnd {
  readonly code: number | null;
  readonly timedOut: boolean;
}

/** A path in JSON. Its bytes need not be valid UTF-8. */
export type WirePath = string | { readonly bytes: string };

const MB = 1024 * 1024;
/** The kernel accepts 2 MB of arguments and environment. As JSON they may be three times as large. */
export const MAX_REQUEST_HEADER = 8 * MB;
export const MAX_ANSWER_HEADER = 64 * 1024;
/** Limit of the payload of a request, and of an answer whose request names a higher limit. */
export const MAX_PAYLOAD = 256 * MB;
/** Limit of a folder's entries. For 100,000 entries the helper needs about 30 MB. */
export const MAX_ENTRIES = 100_000;
/** Limit of an encoded entry. A name has at most 255 bytes, and each invalid byte becomes three. */
export const MAX_ENTRY_BYTES = 800;
/** Limit of git's standard error. */
export const MAX_ERROR_TEXT = MB;
/** Limit of an error's message, in characters. */
export const MAX_MESSAGE = 4000;
export const MAX_CHUNK = 64 * 1024;
/** Maximum number of chunks of one stream that may be sent before its reader takes them. */
export const WINDOW = 16;
/** Number of chunks that one `ack` reports. It must be smaller than the window, or a stream could stop. */
export const ACK_EVERY = 4;

export function toWire(path: Path): WirePath {
  return typeof path === "string" ? path : { bytes: path.toString("base64") };
}

export function fromWire(path: WirePath): Path {
  return typeof path === "string" ? path : Buffer.from(path.bytes, "base64");
}
