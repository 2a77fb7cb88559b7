import { messageOf } from "@tac8/core/domain/messageOf";
import type { Writable } from "node:stream";
import { within } from "@tac8/core/app/within";
import { StepFailure } from "@tac8/core/domain/failures";
import { readAnswer, WrongAnswer } from "./answers.ts";
import { TOO_MANY_FILES } from "../../process/pipes.ts";
import type { HelperChild } from "./child.ts";
import { encodeHeader, FrameReader, writeFrame, type Frame } from "./frames.ts";
import {
  MAX_ANSWER_HEADER,
  MAX_MESSAGE,
  MAX_PAYLOAD,
  MAX_REQUEST_HEADER,
  type Answer,
  type Request,
} from "./protocol.ts";

export interface HelperProcess {
  /** Start the helper. Called once. @throws Error if this machine cannot start it */
  readonly start: () => HelperChild;
  /** Time for an answer on top of the time limit of the work itself. Default 60 s. */
  readonly deadlineMs?: number;
  /** Names the process in messages. Default: the helper that runs git in the workspace. */
  readonly name?: string;
  /** Called once, when every later request fails. The process may still be alive. */
  readonly onEnd?: () => void;
}

const DEADLINE_MS = 60_000;

/** A pending request. */
export interface Call {
  /** Names the request in the message when its deadline has passed. */
  readonly what: string;
  /** Bytes of an answer's payload. */
  readonly maxPayload: number;
  /** Time limit of the work itself; the deadline comes on top. */
  readonly workMs: number;
  /** @throws WrongAnswer */
  readonly done: (value: unknown, payload: Buffer) => void;
  readonly failed: (error: Error) => void;
  /** Undefined if the request expects no chunks. @throws WrongAnswer */
  readonly chunk?: (bytes: Buffer) => void;
}

interface Pending extends Omit<Call, "workMs"> {
  /** 0 after the work was cancelled. */
  workMs: number;
  timer: NodeJS.Timeout;
}

/** Time limit for the preparation before the start, such as giving a large worktree to another user. */
const START_MS = 35 * 60_000;
/** Time for a helper to exit after the end of its input. Its git commands take 5 s if they ignore SIGTERM. */
const LEAVE_MS = 8000;
/** Time to exit after SIGKILL. */
const DEATH_MS = 10_000;
/** Time limit to read the rest of the output after the helper exited. */
const LAST_WORDS_MS = 1000;
const MAX_STDERR = 2000;

/**
 * One helper process and its pending requests. The first request starts the process. States: not started, running, ended.
 * A connection ends once, with the first of these causes: a wrong answer, a missed deadline, the exit of the process, `close`.
 * Every pending and every later request then fails with that cause. The process is killed unless the cause is `close`.
 */
export class Connection {
  readonly deadlineMs: number;
  readonly #options: HelperProcess;
  readonly #calls = new Map<number, Pending>();
  readonly #reader: FrameReader;
  readonly #exited = Promise.withResolvers<void>();
  #child: HelperChild | null = null;
  #isStarted = false;
  #stdin: Writable | null = null;
  #lastId = 0;
  #end: StepFailure | null = null;
  #stderr = "";

  constructor(options: HelperProcess) {
    this.#options = options;
    this.deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#reader = new FrameReader({
      header: MAX_ANSWER_HEADER,
      payload: (header) => this.#callOf(readAnswer(header)).maxPayload,
    });
  }

  /** Send a request. The result goes to the call; nothing is thrown. @returns the request's id */
  request(request: Request, call: Call, payload?: Buffer): number {
    const id = (this.#lastId += 1);
    const header = encodeHeader({ ...request, id });
    if (this.#end === null && this.#child === null) this.#start();
    if (this.#end !== null) call.failed(this.#end);
    else if (header.length > MAX_REQUEST_HEADER || (payload?.length ?? 0) > MAX_PAYLOAD) {
      call.failed(Object.assign(new Error(`${call.what}: the request is too large`), { code: "E2BIG" }));
    } else {
      const startMs = this.#isStarted ? 0 : START_MS;
      this.#calls.set(id, { ...call, timer: this.#timerOf(id, call.workMs + this.deadlineMs + startMs) });
      this.#write(header, payload);
    }
    return id;
  }

  /** Send a message about a pending request. Nothing is sent once the request has its answer. */
  send(id: number, request: Request): void {
    if (this.#calls.has(id)) this.#write(encodeHeader({ ...request, id }));
  }

  /** Restart the deadline of a request whose work was cancelled. Its answer must arrive within the deadline from now. */
  restartDeadline(id: number): void {
    const pending = this.#calls.get(id);
    if (pending === undefined) return;
    pending.workMs = 0;
    clearTimeout(pending.timer);
    pending.timer = this.#timerOf(id, this.deadlineMs);
  }

  /** Whether the helper reads its input fast enough. */
  get isReading(): boolean {
    return this.#stdin?.writableNeedDrain === false;
  }

  /** Call back once, when the helper has caught up. */
  onceReading(then: () => void): void {
    this.#stdin?.once("drain", then);
  }

  /**
   * End the process. Resolves when it has exited; at once if it was never started.
   * @throws StepFailure if it is still running some time after SIGKILL
   */
  async close(): Promise<void> {
    this.#finish("was closed");
    const child = this.#child;
    if (child === null) return;
    this.#stdin?.end();
    if (await within(this.#exited.promise, Math.min(LEAVE_MS, this.deadlineMs))) return;
    child.kill();
    if (await within(this.#exited.promise, DEATH_MS)) return;
    throw new StepFailure({
      kind: "git",
      message: `the process ${child.pid} of the helper is still running after SIGKILL`,
    });
  }

  #start(): void {
    try {
      this.#child = this.#options.start();
    } catch (error) {
      return this.#break(`could not be started: ${wordsOf(error)}`);
    }
    const child = this.#child;
    void this.#follow(child);
    void child.started.then(() => this.#onStarted());
    if (child.streams === null) return this.#break(`could not be started: ${TOO_MANY_FILES}`);
    const { stdin, stdout, stderr } = child.streams;
    this.#stdin = stdin;
    stdin.on("error", () => undefined); // The exit of the helper is the better message.
    stderr.on("error", () => undefined);
    stdout.on("error", () => undefined);
    stderr.on("data", (chunk: Buffer) => {
      if (this.#stderr.length < MAX_STDERR) this.#stderr += chunk.toString("utf8", 0, MAX_STDERR);
    });
    stdout.on("data", (chunk: Buffer) => this.#receive(chunk));
    stdout.once("end", () => void this.#onEndOfOutput(child));
  }

  /** Start the deadlines of the pending requests now, because the preparation before the start can take long. */
  #onStarted(): void {
    this.#isStarted = true;
    for (const [id, pending] of this.#calls) {
      clearTimeout(pending.timer);
      pending.timer = this.#timerOf(id, pending.workMs + this.deadlineMs);
    }
  }

  async #follow(child: HelperChild): Promise<void> {
    try {
      const how = await child.exited;
      this.#exited.resolve();
      await this.#afterExit(child, how);
    } catch (error) {
      this.#exited.resolve();
      this.#break(`could not be started: ${wordsOf(error)}`);
    }
  }

  /** Read the answers that are still in the pipe. A child of the helper may keep the pipe open, so the wait is bounded. */
  async #afterExit(child: HelperChild, how: string): Promise<void> {
    await within(child.closed, LAST_WORDS_MS);
    this.#break(`ended by ${how}${this.#stderrLine()}`);
  }

  /** Wait shortly for the exit of the process, because its exit usually follows and is the better message. */
  async #onEndOfOutput(child: HelperChild): Promise<void> {
    if (this.#end !== null) return;
    if (!(await within(child.exited, LAST_WORDS_MS))) this.#break("closed its output");
  }

  #receive(chunk: Buffer): void {
    if (this.#end !== null) return;
    try {
      for (const frame of this.#reader.push(chunk)) {
        this.#take(frame);
        if (this.#end !== null) return; // The caller has closed the connection.
      }
    } catch (error) {
      this.#break(`gave a wrong answer: ${wordsOf(error)}`);
    }
  }

  #take({ header, payload }: Frame): void {
    const answer = readAnswer(header);
    const call = this.#callOf(answer);
    if (answer.kind === "chunk") return call.chunk?.(payload);
    if (answer.kind === "value") call.done(answer.value, payload);
    else call.failed(Object.assign(new Error(answer.message), answer.code === null ? {} : { code: answer.code }));
    clearTimeout(call.timer);
    this.#calls.delete(answer.id);
  }

  /** @throws WrongAnswer if no pending request expects such an answer */
  #callOf(answer: Answer): Pending {
    const call = this.#calls.get(answer.id);
    if (call === undefined) throw new WrongAnswer("an answer without a request");
    if (answer.kind === "chunk" && call.chunk === undefined)
      throw new WrongAnswer("a chunk for a request without a stream");
    return call;
  }

  #write(header: Buffer, payload?: Buffer): void {
    if (this.#stdin !== null && !this.#stdin.destroyed) writeFrame(this.#stdin, header, payload);
  }

  #timerOf(id: number, ms: number): NodeJS.Timeout {
    // On an overloaded machine the timer may run before an answer that has already arrived: read that first.
    const timer = setTimeout(() => {
      setImmediate(() => {
        const call = this.#calls.get(id);
        if (call?.timer === timer) this.#break(`gave no answer to ${call.what} within ${Math.round(ms / 1000)} s`);
      });
    }, ms);
    return timer;
  }

  #break(why: string): void {
    this.#finish(why);
    if (this.#child === null) return;
    this.#child.kill();
    // A child of the helper may keep them open.
    for (const stream of Object.values(this.#child.streams ?? {})) stream.destroy();
  }

  #finish(why: string): void {
    if (this.#end !== null) return;
    const { name = "the helper that runs git in the workspace" } = this.#options;
    const end = new StepFailure({ kind: "git", message: `${name} ${why}` });
    this.#end = end;
    this.#options.onEnd?.();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { timer, failed } of calls) {
      clearTimeout(timer);
      failed(end);
    }
  }

  #stderrLine(): string {
    const line = this.#stderr.split("\n").find((text) => text.trim() !== "") ?? "";
    const words = line.replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ").trim();
    return words === "" ? "" : `: ${words.slice(0, 300)}`;
  }
}

function wordsOf(error: unknown): string {
  return messageOf(error).slice(0, MAX_MESSAGE);
}
