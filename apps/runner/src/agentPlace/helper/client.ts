import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Entry, Files } from "../../files/files.ts";
import type { GitAnswer, GitCommand } from "../../git/runGit.ts";
import { failedStream, MAX_STREAM_WORDS, type GitStreamCommand, type GitStream } from "../../git/streamGit.ts";
import { smallNode } from "../../process/smallNode.ts";
import { assertFolder } from "../onDisk.ts";
import {
  readBoolean,
  readContent,
  readEntries,
  readFound,
  readGitEnd,
  readNothing,
  readRealPath,
  readStreamEnd,
  WrongAnswer,
} from "./answers.ts";
import { Credit } from "./credit.ts";
import { Connection, type Call, type HelperProcess } from "./connection.ts";
import {
  MAX_CHUNK,
  MAX_ENTRIES,
  MAX_ENTRY_BYTES,
  MAX_PAYLOAD,
  MAX_ERROR_TEXT,
  toWire,
  type Request,
} from "./protocol.ts";

/**
 * Git and file operations in an issue's folders, through a helper process that the first request starts. Its answers are hostile
 * input. After a wrong answer, a missed deadline or its exit, the helper is killed, and every pending and later request, also
 * `exists`, rejects with a StepFailure of kind `git`.
 */
export interface PlaceHelper extends Files {
  /** See `runGit`. @throws StepFailure if the folder is missing, Error if it is no folder */
  git(command: GitCommand): Promise<GitAnswer>;
  streamGit(command: GitStreamCommand): GitStream;
  /** Return whether a program is in one of the folders of a PATH inside the sandbox. */
  hasProgram(path: string, name: string): Promise<boolean>;
  /**
   * End the helper and its git commands; pending requests reject. Resolves when the process has exited.
   * @throws StepFailure if it is still running some time after SIGKILL
   */
  close(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
/** Command line of the helper; the file is the last argument. */
export const HELPER_PROGRAM: readonly string[] = [process.execPath, ...smallNode(128), MAIN];

/** Time limit for an operation on a whole tree, such as a million files on an SD card. */
const TREE_MS = 15 * 60_000;

interface Asked<T> {
  readonly read: (value: unknown, payload: Buffer) => T;
  readonly payload?: Buffer | undefined;
  readonly maxPayload?: number;
  readonly workMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export function startPlaceHelper(process: HelperProcess): PlaceHelper {
  const connection = new Connection(process);
  const ask = <T>(request: Request, asked: Asked<T>) => askHelper(connection, request, asked);
  const done = (request: Request, workMs = 0) => ask(request, { read: readNothing, workMs });
  return {
    exists: (path) => ask({ op: "exists", path }, { read: readBoolean }),
    stat: (path) => ask({ op: "stat", path: toWire(path) }, { read: readFound }),
    list(path, most = Infinity) {
      const max = Math.max(1, Math.min(most, MAX_ENTRIES));
      const read = (value: unknown, payload: Buffer): Entry[] => readEntries(value, payload, max);
      const request = { op: "list", path: toWire(path), max: most === Infinity ? null : max } as const;
      return ask(request, { read, maxPayload: max * MAX_ENTRY_BYTES });
    },
    readFile(path, most) {
      const maxBytes = Math.min(most, MAX_PAYLOAD);
      return ask({ op: "readFile", path: toWire(path), maxBytes }, { read: readContent, maxPayload: maxBytes });
    },
    writeFile: (path, content, mode) =>
      ask(
        { op: "writeFile", path, mode },
        { read: readNothing, payload: typeof content === "string" ? Buffer.from(content) : content },
      ),
    makeFolder: (path, mode) => done({ op: "makeFolder", path, mode }),
    makeFolderPrivate: (path) => done({ op: "makeFolderPrivate", path }),
    addOwnerRights: (path) => done({ op: "addOwnerRights", path }),
    addOwnerRightsInTree: (path) => done({ op: "addOwnerRightsInTree", path }, TREE_MS),
    move: (path, to) => done({ op: "move", path, to }),
    remove: (path) => done({ op: "remove", path }, TREE_MS),
    removeEmpty: (path) => done({ op: "removeEmpty", path }),
    copy: (path, to) => done({ op: "copy", path, to }, TREE_MS),
    realPath: (path) => ask({ op: "realPath", path }, { read: readRealPath }),
    hasProgram: (path, name) => ask({ op: "hasProgram", path, name }, { read: readBoolean }),
    async git({ dir, env, args, input, maxBytes: most, timeoutMs, signal }) {
      signal?.throwIfAborted();
      const maxBytes = Math.min(most, MAX_PAYLOAD - MAX_ERROR_TEXT);
      const isPayload = Buffer.isBuffer(input);
      const { answer, folder } = await ask(
        { op: "git", dir, env, args, input: isPayload ? "payload" : (input ?? null), maxBytes, timeoutMs },
        {
          read: (value, payload) => readGitEnd(value, payload, maxBytes),
          payload: isPayload ? input : undefined,
          maxPayload: maxBytes + MAX_ERROR_TEXT,
          workMs: timeoutMs,
          signal,
        },
      );
      if (answer.code === undefined) assertFolder(dir, folder);
      return answer;
    },
    streamGit: (command) => streamGit(connection, command),
    close: () => connection.close(),
  };
}

/** Send a request and wait for its answer. @throws the signal's reason after an abort, when the answer shows that git ends */
async function askHelper<T>(
  connection: Connection,
  request: Request,
  { read, payload, maxPayload = 0, workMs = 0, signal }: Asked<T>,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const call: Call = {
    what: wordsOf(request),
    maxPayload,
    workMs,
    done: (value, bytes) => resolve(read(value, bytes)),
    failed: reject,
  };
  const id = connection.request(request, call, payload);
  const cancel = (): void => {
    connection.restartDeadline(id);
    connection.send(id, { op: "cancel", force: false });
  };
  signal?.addEventListener("abort", cancel);
  try {
    return await promise;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function streamGit(connection: Connection, command: GitStreamCommand): GitStream {
  const { dir, env, args, timeoutMs, signal } = command;
  if (signal?.aborted === true) return failedStream(signal.reason);
  const stdout = new PassThrough();
  stdout.on("error", () => undefined); // The reader may attach its listener later.
  const ended = Promise.withResolvers<Awaited<GitStream["ended"]>>();
  const credit = new Credit({
    get isReading() {
      return connection.isReading;
    },
    onceReading: (then) => connection.onceReading(then),
    ack: (chunks) => connection.send(id, { op: "ack", chunks }),
  });
  const taken = (error?: Error | null): void => {
    if (!error) credit.taken();
  };
  const stop = (force: boolean): void => {
    connection.restartDeadline(id);
    connection.send(id, { op: "cancel", force });
  };
  const cancel = (): void => stop(false);
  const kill = (): void => stop(true);
  const end = (result: Awaited<GitStream["ended"]>): void => {
    signal?.removeEventListener("abort", cancel);
    stdout.off("close", kill);
    ended.resolve(result);
  };
  const call: Call = {
    what: wordsOf({ op: "stream", ...command }),
    maxPayload: Math.max(MAX_CHUNK, 3 * MAX_STREAM_WORDS),
    workMs: timeoutMs,
    chunk(bytes) {
      credit.receive();
      if (bytes.length === 0 || bytes.length > MAX_CHUNK) throw new WrongAnswer("a chunk that is empty or too large");
      if (!stdout.destroyed) stdout.write(bytes, taken);
    },
    done(value, payload) {
      end(readStreamEnd(value, payload));
      if (!stdout.destroyed) stdout.end();
    },
    failed(error) {
      end({ code: undefined, errorText: error.message, timedOut: false });
      stdout.destroy(error);
    },
  };
  signal?.addEventListener("abort", cancel);
  stdout.once("close", kill); // The reader has stopped reading.
  const id = connection.request({ op: "stream", dir, env, args, timeoutMs }, call);
  return { stdout, ended: ended.promise, kill };
}

function wordsOf(request: Request): string {
  if (request.op === "git" || request.op === "stream") return `git ${request.args[0] ?? ""}`;
  return request.op;
}
