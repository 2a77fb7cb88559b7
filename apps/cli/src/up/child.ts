import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { AppSpec } from "./apps.ts";
import { restartDelayMs, STEADY_MS } from "./delay.ts";
import { onLines } from "./lines.ts";

/** Exit code of an app whose configuration is wrong: starting it again cannot help. */
export const EXIT_CONFIG = 78;

/** After the process itself has gone, its last lines may still be on their way; a grandchild may keep the pipe open. */
const LAST_LINES_MS = 1000;

export type StreamName = "stdout" | "stderr";

export interface ChildOptions {
  readonly app: AppSpec;
  readonly node: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Each line of its output and of its errors. */
  readonly onLine: (line: string, stream: StreamName) => void;
  /** One line for people: it ended and starts again. */
  readonly onRestart: (line: string) => void;
  /** It is not started again: it is irreplaceable (and why), or it ended with EXIT_CONFIG (null). */
  readonly onGone: (why: string | null) => void;
}

/** A program that is kept running: it starts at once, and again whenever it ends, until it is stopped. */
export interface Child {
  readonly name: string;
  /** SIGTERM, then SIGKILL to its group after the limit. True when it was not killed and did not fail. Idempotent. */
  stop(limitMs: number): Promise<boolean>;
  /** SIGKILL to its whole group, now. */
  kill(): void;
}

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly text: string;
}

export function keepRunning(options: ChildOptions): Child {
  const { app } = options;
  const stopping = new AbortController();
  let live: ChildProcess | null = null;

  async function keep(): Promise<End | null> {
    for (let failures = 0; ; failures += 1) {
      const startedAt = performance.now();
      live = launch(options);
      const end = await ended(live);
      live = null;
      if (stopping.signal.aborted) return end;
      if (end.code === EXIT_CONFIG || app.irreplaceable !== undefined) {
        options.onGone(app.irreplaceable ?? null);
        return end;
      }
      if (performance.now() - startedAt > STEADY_MS) failures = 0;
      const delay = restartDelayMs(failures);
      options.onRestart(`${end.text} unexpectedly; starts again in ${delay / 1000} s`);
      const again = await sleep(delay, true, { signal: stopping.signal }).catch(() => false);
      if (!again) return null;
    }
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
      // SIGTERM ends an app that has hardly begun, and so has nothing to clean up.
      return end === null || end.code === 0 || end.signal === "SIGTERM";
    },
  };
}

/** A session of its own, so that Ctrl-C reaches `up` alone, which then stops all in order. */
function launch({ app, node, cwd, env, onLine }: ChildOptions): ChildProcess {
  const child = spawn(node, [fileURLToPath(app.entry)], { cwd, env, detached: true, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined); // It is never written to: only its end counts.
  onLines(child.stdout, (line) => onLine(line, "stdout"));
  onLines(child.stderr, (line) => onLine(line, "stderr"));
  return child;
}

async function ended(child: ChildProcess): Promise<End> {
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const end = await new Promise<End>((resolve) => {
    child.once("error", (error) =>
      resolve({ code: null, signal: null, text: `could not be started (${error.message})` }),
    );
    child.once("exit", (code, signal) =>
      resolve({
        code,
        signal,
        text: code === null ? `was ended by ${String(signal)}` : `ended with exit code ${code}`,
      }),
    );
  });
  const timer = new AbortController();
  await Promise.race([closed, sleep(LAST_LINES_MS, undefined, { signal: timer.signal }).catch(() => undefined)]);
  timer.abort();
  child.stdout?.destroy();
  child.stderr?.destroy();
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
