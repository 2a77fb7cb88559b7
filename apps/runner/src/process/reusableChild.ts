import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { within } from "@tac8/core/app/within";
import { messageOf } from "@tac8/core/domain/messageOf";
import { pipesOf, TOO_MANY_FILES } from "./pipes.ts";
import type { ReusableProcess } from "./pool.ts";

export interface ReusableChildOptions {
  /** Its name in errors. */
  readonly name: string;
  /** Flags of Node, and the program. The program ends when its input ends. */
  readonly args: readonly string[];
  /** Its complete environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: {
    /** A process that was used this many times is replaced. */
    readonly uses: number;
    /** So is one whose resident memory has grown to this size in bytes. */
    readonly memory: number;
    /** Characters of its output during one use. */
    readonly output: number;
  };
}

/** How a process ended during a use. */
export interface ChildEnd {
  /** It was not stopped here: it exited by itself, or the kernel or another process killed it. */
  readonly hasDied: boolean;
  /** Last line of its errors. */
  readonly words: string;
}

/** A program in Node that writes messages, one JSON text per line, but only during a use. */
export interface ReusableChild extends ReusableProcess {
  readonly stdin: Writable;
  /** Number of uses that began. */
  readonly uses: number;
  /**
   * Begin a use, after the one before it was finished. @param request is sent as one line of JSON
   * @param onMessage gets each message; null: not JSON @returns null when the use was finished, or how the process ended
   */
  use(request: unknown, onMessage: (message: unknown) => void): Promise<ChildEnd | null>;
  /** Finish the use. @param memory resident bytes of the process */
  finish(memory: number): void;
  /** Kill the process. Its further messages are dropped. */
  readonly kill: () => void;
}

interface Use {
  readonly onMessage: (message: unknown) => void;
  readonly ended: PromiseWithResolvers<ChildEnd | null>;
}

const END_MS = 3000;
const MAX_ERROR_TEXT = 2000;

/** Children that run. None outlives this process, not even one that is busy and does not read the end of its input. */
const running = new Set<ChildProcess>();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * Start a reusable child. It is killed if its output is too long, or if it has any without a use: such a process may be damaged.
 * @throws Error if this machine has no descriptors or memory left for it
 */
export function startReusableChild({ name, args, env, limits }: ReusableChildOptions): ReusableChild {
  const child = spawn(process.execPath, args, {
    // Own session: a terminal's Ctrl-C must not reach it. Own folder: it loads no file of the workspace.
    detached: true,
    cwd: "/",
    env,
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (pipesOf(child, "stdin", "stdout", "stderr") === null) {
    throw new Error(`${name} could not be started: ${TOO_MANY_FILES}`);
  }
  running.add(child);
  /** First cause of its end. */
  let cause: "stopped" | "died" | null = null;
  let canBeUsed = true;
  let uses = 0;
  let current: Use | null = null;
  /** Characters of the output of this use. */
  let size = 0;
  let errorText = "";
  /** Part of a line. */
  let rest = "";

  const endBy = (by: "stopped" | "died"): void => {
    cause ??= by;
    child.kill("SIGKILL");
  };
  const kill = (): void => endBy("stopped");
  const endOf = (): ChildEnd => ({ hasDied: cause === "died", words: errorText.trim().split("\n").at(-1) ?? "" });

  // Both are known before its exit, and its user may stop it because of them.
  child.stdin.on("error", () => endBy("died"));
  child.stdout.once("close", () => endBy("died"));
  child.stderr.on("data", (chunk: Buffer) => (errorText = (errorText + chunk.toString("utf8")).slice(-MAX_ERROR_TEXT)));
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    size += text.length;
    if (size > limits.output) kill();
    for (const line of lines) receive(line);
    if (current === null && rest !== "") kill();
  });
  const ended = waitForEnd();

  async function waitForEnd(): Promise<void> {
    await once(child, "close").catch((error: unknown) => (errorText = messageOf(error)));
    endBy("died");
    running.delete(child);
    current?.ended.resolve(endOf());
  }

  function receive(line: string): void {
    if (current === null || cause === "stopped") kill();
    else current.onMessage(parse(line));
  }

  return {
    stdin: child.stdin,
    get uses() {
      return uses;
    },
    isReusable: () => canBeUsed && cause === null,
    use(request, onMessage) {
      canBeUsed = false;
      uses += 1;
      size = 0;
      const ended = Promise.withResolvers<ChildEnd | null>();
      current = { onMessage, ended };
      if (!running.has(child)) ended.resolve(endOf());
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return ended.promise;
    },
    finish(memory) {
      canBeUsed = uses < limits.uses && memory < limits.memory;
      current?.ended.resolve(null);
      current = null;
    },
    kill,
    async end() {
      cause ??= "stopped";
      child.stdin.end();
      await within(ended, END_MS);
      kill();
      await ended;
    },
  };
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
