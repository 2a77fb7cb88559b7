import { messageOf } from "@tac8/core/domain/messageOf";
import { spawn, type ChildProcess } from "node:child_process";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { within } from "@tac8/core/app/within";
import { EXIT_CONFIG } from "../../../../bin/lib/exitCode.mjs";
import { SECRETS_FD } from "@tac8/core/app/ownSecrets";
import type { AppSpec } from "../context/context.ts";
import { keepAlive, type LifeEnd } from "../supervise/keepAlive.ts";
import { onLines } from "./lines.ts";

/** Maximum wait for the last lines after the process has exited. A grandchild may keep the pipe open. */
const LAST_LINES_MS = 1000;

export type StreamName = "stdout" | "stderr";

export interface ChildOptions {
  readonly app: AppSpec;
  readonly node: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Secrets that it reads from descriptor `SECRETS_FD` at each start; null: there is no such descriptor. */
  readonly secrets: string | null;
  /** Called with each line of its output and its errors. */
  readonly onLine: (line: string, stream: StreamName) => void;
  /** Returns and clears the reason that the app has logged for its end. `refused`: it exited with EXIT_CONFIG. */
  readonly takeReason: (refused: boolean) => string | null;
  /** Called with a line when it ended and restarts. */
  readonly onRestart: (line: string) => void;
  /** Called with a line when it runs well again. */
  readonly onRecovered: (line: string) => void;
  /** Called with a line when it is not restarted. */
  readonly onAbandoned: (why: string) => void;
}

/** A program that is restarted whenever it ends, until it is stopped or `over`. */
export interface Child {
  readonly name: string;
  /** Send SIGTERM, and SIGKILL to its group after the limit. True: it was not killed and did not fail. Idempotent. */
  stop(limitMs: number): Promise<boolean>;
  /** Send SIGKILL to its whole group. */
  kill(): void;
}

interface End extends LifeEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export function keepRunning(options: ChildOptions): Child {
  const { app, takeReason, onRestart, onRecovered, onAbandoned } = options;
  const stopping = new AbortController();
  let live: ChildProcess | null = null;

  async function liveOnce(): Promise<End> {
    try {
      live = launch(options);
    } catch (error) {
      return { code: null, signal: null, text: `could not be started (${messageOf(error)})`, refusal: null };
    }
    const { code, signal, text } = await ended(live);
    live = null;
    const refused = code === EXIT_CONFIG;
    const reason = takeReason(refused);
    const refusal = refused ? (reason ?? text) : null;
    return { code, signal, text: reason === null ? text : `${text} (${reason})`, refusal };
  }

  async function keep(): Promise<End | null> {
    const { signal } = stopping;
    const end = await keepAlive({
      live: liveOnce,
      signal,
      final: app.irreplaceable !== undefined,
      onWait: (why, seconds) => onRestart(`${why}; restarting in ${seconds} s`),
      onRecovered: (times) => {
        if (times > 1) onRecovered(`is running again after ${times} consecutive exits`);
      },
    });
    if (end !== null && !signal.aborted) {
      onAbandoned(app.irreplaceable ?? `the ${app.name} cannot start: ${end.refusal ?? end.text}`);
    }
    return end;
  }
  const kept = keep();

  const kill = (): void => {
    if (live !== null) signalGroup(live, "SIGKILL");
  };
  return {
    name: app.name,
    kill,
    async stop(limitMs) {
      stopping.abort();
      live?.kill("SIGTERM");
      const timer = setTimeout(kill, limitMs);
      const end = await kept;
      clearTimeout(timer);
      // SIGTERM ends an app that has just started, so it has nothing to clean up.
      return end === null || end.code === 0 || end.signal === "SIGTERM";
    },
  };
}

/**
 * Start the program in a separate session, so that Ctrl-C only reaches `up`, which then stops all programs in order.
 * @throws Error if this machine is out of processes, memory or descriptors
 */
function launch({ app, node, cwd, env, secrets, onLine }: ChildOptions): ChildProcess {
  const stdio = ["pipe" as const, "pipe" as const, "pipe" as const, ...(secrets === null ? [] : ["pipe" as const])];
  const child = spawn(node, [fileURLToPath(app.entry)], { cwd, env, detached: true, stdio });
  const socket = child.stdio?.[SECRETS_FD];
  if (socket instanceof Writable) socket.on("error", () => undefined).end(secrets); // The program may exit before it reads them.
  // Without free descriptors, there are no pipes, despite the types, and an error event follows.
  child.stdin?.on("error", () => undefined); // Nothing is written to it; only its end matters.
  if (child.stdout) onLines(child.stdout, (line) => onLine(line, "stdout"));
  if (child.stderr) onLines(child.stderr, (line) => onLine(line, "stderr"));
  return child;
}

async function ended(child: ChildProcess): Promise<Pick<End, "code" | "signal" | "text">> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = await new Promise<Pick<End, "code" | "signal" | "text">>((resolve) => {
    child.once("error", (error) =>
      resolve({ code: null, signal: null, text: `could not be started (${error.message})` }),
    );
    child.once("exit", (code, signal) =>
      resolve({
        code,
        signal,
        text: code === null ? `was killed by ${String(signal)}` : `exited with code ${code}`,
      }),
    );
  });
  await within(closed, LAST_LINES_MS);
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.stdio?.[SECRETS_FD]?.destroy();
  return end;
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
