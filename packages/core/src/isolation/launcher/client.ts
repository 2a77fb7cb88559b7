import { errorOf } from "../../domain/messageOf.ts";
import { EventEmitter, once } from "node:events";
import { connect, type Socket } from "node:net";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { within } from "../../app/within.ts";
import {
  MAX_LINE,
  type AgentIds,
  type LaunchOptions,
  type LauncherResponse,
  type LauncherRequest,
  type LauncherSignal,
} from "./protocol.ts";

/** A request that the launcher did not fulfil. The message is for the operator. */
export class LauncherProblem extends Error {
  override readonly name: string = "LauncherProblem";
}

/** The launcher is unreachable. As a service, it restarts automatically. */
export class LauncherUnreachable extends LauncherProblem {
  override readonly name = "LauncherUnreachable";
}

const RESPONSE_MS = 60_000;
/** Time limit of `hold`: processes and files of an earlier holder are removed first. */
const HOLD_MS = 5 * 60_000;
/** Time limit of a copy: enough for a million files on an SD card. */
const COPY_MS = 30 * 60_000;

/** Time limit for reading the output after the exit. A program of another user may have inherited the output and keep it open. */
const OUTPUT_MS = 60_000;

/** Request the user ids for agents. @throws LauncherProblem */
export async function askIds(socket: string): Promise<AgentIds> {
  const response = await ask(socket, { op: "hello" });
  if (!("ids" in response)) throw unexpected(response);
  return response.ids;
}

/**
 * Send one request to the launcher. @param signal ends a copy
 * @throws LauncherProblem the request failed, or was aborted
 */
export async function sendRequest(
  socket: string,
  request: Extract<LauncherRequest, { op: "try" | "make" | "copy" | "share" }>,
  signal?: AbortSignal,
): Promise<void> {
  const response = await ask(socket, request, { limitMs: request.op === "copy" ? COPY_MS : RESPONSE_MS, signal });
  if (!("done" in response)) throw unexpected(response);
}

/** A user id that is held: see `LauncherRequest`. */
export interface HeldUser {
  /** Whether the launcher has released the user id by itself. */
  readonly lost: boolean;
  /** Kill all processes of the user id, and release it. Idempotent. */
  release(): Promise<void>;
}

/** Hold a user id. @throws LauncherProblem processes of an earlier holder are still alive */
export async function holdUser(
  socket: string,
  given: { readonly uid: number; readonly lockFile: string },
): Promise<HeldUser> {
  const line = openLine(socket, { op: "hold", ...given });
  const response = await line.next(HOLD_MS).catch((error: unknown) => {
    line.socket.destroy();
    throw error;
  });
  if (!("done" in response)) throw unexpected(response);
  const closed = once(line.socket, "close");
  closed.catch(() => undefined);
  let lost = false;
  void closed.then(() => (lost = true)).catch(() => (lost = true));
  return {
    get lost() {
      return lost;
    },
    async release() {
      line.socket.end();
      await within(closed, HOLD_MS);
      line.socket.destroy();
    },
  };
}

interface LaunchedEvents {
  spawn: [];
  /** The program could not be started. */
  error: [Error];
  exit: [code: number | null, signal: NodeJS.Signals | null];
  close: [];
}

/** A program that the launcher has started, as `spawn` returns one. */
export class LaunchedProgram extends EventEmitter<LaunchedEvents> {
  readonly stdin: Writable = new PassThrough();
  readonly stdout: Readable = new PassThrough();
  readonly stderr: Readable = new PassThrough();
  /** Undefined: the program has not been started yet. */
  pid: number | undefined = undefined;
  exitCode: number | null = null;
  signalCode: NodeJS.Signals | null = null;
  /** Processes of its user id that were alive after its exit: those that were killed, and those that could not be. Known at its exit. */
  left = { survivors: 0, remaining: 0 };
  #line: Line | null = null;
  #ended = false;
  readonly #outputMs: number;

  /**
   * @param options the options, or a promise of them
   * @param outputMs time limit for reading its output after its exit
   */
  constructor(socket: string, options: LaunchOptions | Promise<LaunchOptions>, outputMs = OUTPUT_MS) {
    super();
    this.#outputMs = outputMs;
    this.#run(socket, options).catch((error: unknown) => {
      this.#fail(errorOf(error));
    });
  }

  /** SIGKILL reaches every process of its user id. */
  kill(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): boolean {
    if (this.#ended) return false;
    if (this.#line === null) this.#fail(new LauncherProblem("it was stopped before it started"));
    else this.#line.say({ signal });
    return true;
  }

  async #run(socket: string, options: LaunchOptions | Promise<LaunchOptions>): Promise<void> {
    const given = await options;
    if (this.#ended) return;
    const line = openLine(socket, { op: "run", ...given });
    this.#line = line;
    const streams = await line.next(RESPONSE_MS);
    if (!("streams" in streams)) throw unexpected(streams);
    const [input, output, errors] = [
      await connected(streams.streams),
      await connected(streams.streams),
      await connected(streams.streams),
    ];
    // After the end of the program, errors of its streams are irrelevant.
    for (const socket of [input, output, errors]) socket.on("error", () => socket.destroy());
    this.stdin.pipe(input);
    output.pipe(this.stdout as PassThrough);
    errors.pipe(this.stderr as PassThrough);
    const closed = Promise.allSettled([once(output, "close"), once(errors, "close")]);
    const started = await line.next(RESPONSE_MS);
    if (!("started" in started)) throw unexpected(started);
    this.pid = started.started.pid;
    this.emit("spawn");
    const end = await line.next(null).catch(() => null);
    input.destroy();
    if (end !== null && "exit" in end) {
      this.left = { survivors: end.survivors, remaining: end.remaining };
      this.exitCode = end.exit.code;
      this.signalCode = end.exit.signal as NodeJS.Signals | null;
    } else {
      // The launcher closed the connection, and then kills the program.
      this.signalCode = "SIGKILL";
    }
    this.#ended = true;
    line.socket.destroy();
    this.emit("exit", this.exitCode, this.signalCode);
    const late = setTimeout(() => {
      for (const [from, to] of [
        [output, this.stdout],
        [errors, this.stderr],
      ] as const) {
        from.unpipe();
        from.destroy();
        (to as PassThrough).end();
      }
    }, this.#outputMs);
    await closed;
    clearTimeout(late);
    this.emit("close");
  }

  #fail(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#line?.socket.destroy();
    this.stdout.destroy();
    this.stderr.destroy();
    this.emit("error", error);
    this.emit("close");
  }
}

interface Line {
  readonly socket: Socket;
  say(message: LauncherRequest | LauncherSignal): void;
  /** Return the next response. `limitMs` null: wait until the connection closes. @throws LauncherProblem no readable response */
  next(limitMs: number | null): Promise<LauncherResponse>;
}

function openLine(path: string, first: LauncherRequest | null): Line {
  const socket = connect({ path });
  const responses: (LauncherResponse | LauncherProblem)[] = [];
  let wake: (() => void) | null = null;
  let received = "";
  const add = (response: LauncherResponse | LauncherProblem): void => {
    responses.push(response);
    wake?.();
  };
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    received += text;
    const lines = received.split("\n");
    received = lines.pop() ?? "";
    if (received.length > MAX_LINE) socket.destroy();
    for (const line of lines) add(readAnswer(line));
  });
  socket.on("error", (error) =>
    add(new LauncherUnreachable(`cannot connect to the launcher at ${path}: ${error.message}`)),
  );
  // Usually this side closes the connection first. If the launcher does, it is dead.
  socket.on("end", () => socket.destroy());
  socket.on("close", () => add(new LauncherProblem("the launcher closed the connection")));
  const say: Line["say"] = (message) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`);
  };
  if (first !== null) say(first);
  return {
    socket,
    say,
    async next(limitMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      if (responses.length > 0) resolve();
      const late =
        limitMs === null ? null : setTimeout(() => add(new LauncherProblem("the launcher does not respond")), limitMs);
      await promise;
      if (late !== null) clearTimeout(late);
      const response = responses.shift();
      if (response === undefined || response instanceof LauncherProblem)
        throw response ?? new LauncherProblem("no response");
      if ("failed" in response) throw new LauncherProblem(response.failed);
      return response;
    },
  };
}

function readAnswer(line: string): LauncherResponse | LauncherProblem {
  try {
    const response: unknown = JSON.parse(line);
    if (typeof response === "object" && response !== null) return response as LauncherResponse;
  } catch {
    // Not JSON: see below.
  }
  return new LauncherProblem("invalid response from the launcher");
}

async function ask(
  path: string,
  request: LauncherRequest,
  { limitMs = RESPONSE_MS, signal }: { readonly limitMs?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<LauncherResponse> {
  signal?.throwIfAborted();
  const line = openLine(path, request);
  const stop = (): void => void line.socket.destroy();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    return await line.next(limitMs);
  } finally {
    signal?.removeEventListener("abort", stop);
    line.socket.destroy();
  }
}

async function connected(path: string): Promise<Socket> {
  const socket = connect({ path });
  await once(socket, "connect");
  return socket;
}

function unexpected(response: LauncherResponse): LauncherProblem {
  return new LauncherProblem(`unexpected response from the launcher: ${Object.keys(response).join(", ")}`);
}
