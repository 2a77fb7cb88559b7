import type { Writable } from "node:stream";
import { localFiles } from "../../files/local.ts";
import { runGit } from "../../git/runGit.ts";
import { streamGit, type GitStream } from "../../git/streamGit.ts";
import { isOnPath, startFolderAt } from "../onDisk.ts";
import { Room } from "./room.ts";
import { encodeEntries } from "./entries.ts";
import { encodeHeader, writeFrame } from "./frames.ts";
import {
  fromWire,
  MAX_CHUNK,
  MAX_ENTRIES,
  MAX_MESSAGE,
  MAX_ERROR_TEXT,
  WINDOW,
  type Answer,
  type GitEnd,
  type Numbered,
  type Request,
  type StreamEnd,
} from "./protocol.ts";

type Work = Exclude<Request, { readonly op: "cancel" | "ack" }>;

interface Value {
  readonly value: unknown;
  readonly payload?: Buffer;
}

/** A running git command. */
interface Running {
  cancel(force: boolean): void;
  ack?(chunks: number): void;
}

export interface Server {
  take(request: Numbered<Request>, payload: Buffer): void;
  /** End the running git commands. */
  close(): Promise<void>;
}

/** Answer requests, any number of them at the same time. */
export function createServer(output: Writable): Server {
  const running = new Map<number, Running>();
  const works = new Set<Promise<void>>();

  function say(answer: Answer, payload?: Buffer): void {
    if (!output.destroyed) writeFrame(output, encodeHeader(answer), payload);
  }

  async function answer(request: Numbered<Work>, payload: Buffer): Promise<void> {
    const { id } = request;
    try {
      const { value, payload: bytes } = await work(request, payload);
      say({ id, kind: "value", value }, bytes);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const text = typeof message === "string" ? message : String(error);
      say({ id, kind: "error", code: typeof code === "string" ? code : null, message: text.slice(0, MAX_MESSAGE) });
    } finally {
      running.delete(id);
    }
  }

  function work(request: Numbered<Work>, payload: Buffer): Promise<Value> {
    switch (request.op) {
      case "git":
        return git(request, payload);
      case "stream":
        return stream(request);
      case "list":
        return list(request);
      case "readFile":
        return readFile(request);
      case "exists":
        return valueOf(localFiles.exists(request.path));
      case "stat":
        return valueOf(localFiles.stat(fromWire(request.path)));
      case "realPath":
        return valueOf(localFiles.realPath(request.path));
      case "hasProgram":
        return valueOf(isOnPath(request.path, request.name));
      case "writeFile":
        return valueOf(localFiles.writeFile(request.path, payload, request.mode));
      case "makeFolder":
        return valueOf(localFiles.makeFolder(request.path, request.mode));
      case "move":
      case "copy":
        return valueOf(localFiles[request.op](request.path, request.to));
      case "makeFolderPrivate":
      case "addOwnerRights":
      case "addOwnerRightsInTree":
      case "remove":
      case "removeEmpty":
        break;
    }
    return valueOf(localFiles[request.op](request.path));
  }

  async function git(request: Numbered<Request> & { readonly op: "git" }, payload: Buffer): Promise<Value> {
    const { id, dir, env, args, maxBytes, timeoutMs } = request;
    const stop = new AbortController();
    running.set(id, { cancel: () => stop.abort(new Error("cancelled")) });
    const input = request.input === "payload" ? payload : (request.input ?? undefined);
    const ended = await runGit({ dir, env, args, input, maxBytes, timeoutMs, signal: stop.signal });
    const { code = null, bytes, stderr, errorText } = ended;
    const end: GitEnd = {
      code,
      output: bytes.length,
      how: stderr === "" ? errorText.slice(0, MAX_MESSAGE) : "",
      folder: code === null ? startFolderAt(dir) : "folder",
    };
    return { value: end, payload: Buffer.concat([bytes, Buffer.from(stderr).subarray(0, MAX_ERROR_TEXT)]) };
  }

  async function stream({ id, ...command }: Numbered<Request> & { readonly op: "stream" }): Promise<Value> {
    const stop = new AbortController();
    const child = streamGit({ ...command, signal: stop.signal });
    const room = new Room(WINDOW);
    let isCut = false;
    let isLate = false;
    // Also if git has exited and the reader takes nothing: the runner would kill a helper that gives no answer, with all of its git commands.
    const late = setTimeout(() => {
      isLate = true;
      room.close();
    }, command.timeoutMs);
    running.set(id, {
      cancel(force) {
        if (force) child.kill();
        else stop.abort(new Error("cancelled"));
        room.close();
      },
      ack: (chunks) => room.add(chunks),
    });
    try {
      for await (const bytes of pieces(child)) {
        isCut = !(await room.take());
        if (isCut) break;
        say({ id, kind: "chunk" }, bytes);
      }
    } finally {
      clearTimeout(late);
    }
    const { code = null, errorText, timedOut } = await child.ended;
    const end: StreamEnd = { code: isCut ? null : code, timedOut: timedOut || (isCut && isLate) };
    return { value: end, payload: Buffer.from(errorText) };
  }

  return {
    take(request, payload) {
      const { id } = request;
      if (request.op === "cancel") running.get(id)?.cancel(request.force);
      else if (request.op === "ack") running.get(id)?.ack?.(request.chunks);
      else {
        const done = answer(request, payload).finally(() => works.delete(done));
        works.add(done);
      }
    },
    async close() {
      running.forEach((one) => one.cancel(true));
      await Promise.all(works);
    },
  };
}

/** Replace undefined by null, because JSON has no undefined. */
async function valueOf(work: unknown): Promise<Value> {
  return { value: (await work) ?? null };
}

async function readFile({ path, maxBytes }: Request & { readonly op: "readFile" }): Promise<Value> {
  const payload = await localFiles.readFile(fromWire(path), maxBytes);
  return payload === null ? { value: false } : { value: true, payload };
}

/** List a folder. @throws an error with the code EOVERFLOW if all entries are requested and the folder has too many */
async function list({ path, max }: Request & { readonly op: "list" }): Promise<Value> {
  const entries = await localFiles.list(fromWire(path), max ?? MAX_ENTRIES + 1);
  if (max === null && entries.length > MAX_ENTRIES) {
    const message = `EOVERFLOW: more than ${MAX_ENTRIES} entries, list '${String(fromWire(path))}'`;
    throw Object.assign(new Error(message), { code: "EOVERFLOW" });
  }
  return { value: null, payload: encodeEntries(entries) };
}

/** Yield the output in chunks of bounded size. An abort may end the stream with an error, which is ignored here. */
async function* pieces({ stdout }: GitStream): AsyncGenerator<Buffer> {
  try {
    for await (const bytes of stdout as AsyncIterable<Buffer>) {
      for (let at = 0; at < bytes.length; at += MAX_CHUNK) yield bytes.subarray(at, at + MAX_CHUNK);
    }
  } catch (error) {
    if (!stdout.errored) throw error;
  }
}
