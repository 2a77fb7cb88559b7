import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";
import { getPriority, setPriority } from "node:os";
import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { LaunchedProgram } from "@tac8/core/isolation/launcher/client";
import { RUN_MARKER } from "@tac8/core/domain/runMarker";
import { spawnInCgroup } from "../process/cgroup.ts";
import type { GuardStart } from "./protocol.ts";

/**
 * Niceness of the agent and its processes. Runner and guard get the processor first: otherwise the thousands of
 * processes of a fork bomb would leave too little processor time to end the run, and to renew the locks of other runs.
 */
export const AGENT_NICENESS = 10;

/** Process of an agent, in whatever way it was started. */
export interface GuardedAgent {
  /** Undefined if it was not started. */
  readonly pid: number | undefined;
  /** Send SIGTERM. */
  terminate(): void;
  kill(): void;
  /** Resolves when it has started. Rejects if it could not be started. */
  readonly started: Promise<void>;
  /** Resolves when it ends. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Return the processes that were left when the run ended; null if the caller must search for them. */
  left(): { readonly survivors: number; readonly remaining: number } | null;
}

/** Start the agent with this process's standard streams. @throws Error if this machine cannot start it */
export function startAgent(start: GuardStart): GuardedAgent {
  const { launcher } = start;
  return launcher === null ? spawnAgent(start) : launchAgent(start, launcher);
}

function environmentOf({ env, runId }: GuardStart): Record<string, string> {
  return { ...env, [RUN_MARKER]: runId };
}

function spawnAgent(start: GuardStart): GuardedAgent {
  const [program = "", ...args] = start.program;
  const child = spawnInCgroup({ runId: start.runId, limits: start.group }, () =>
    spawn(program, args, {
      cwd: start.cwd,
      env: environmentOf(start),
      stdio: [0, 1, 2, 3],
      // Own process group and session: `kill 0` in an agent's script must not end the guard.
      detached: true,
    }),
  );
  if (child.pid !== undefined) lowerPriority(child.pid);
  return {
    ...lifeOf(child),
    get pid() {
      return child.pid;
    },
    terminate: () => void child.kill("SIGTERM"),
    kill: () => void child.kill("SIGKILL"),
    left: () => null,
  };
}

function launchAgent(start: GuardStart, launcher: NonNullable<GuardStart["launcher"]>): GuardedAgent {
  const { socket, uid, groups } = launcher;
  const program = ["nice", "-n", String(AGENT_NICENESS), "--", ...start.program];
  const child = new LaunchedProgram(socket, {
    uid,
    groups: [...groups],
    program,
    env: environmentOf(start),
    cwd: start.cwd,
  });
  const relayed = [
    relay(new Socket({ fd: 0, readable: true, writable: false }), child.stdin),
    relay(child.stdout, new Socket({ fd: 1, readable: false, writable: true })),
    relay(child.stderr, new Socket({ fd: 2, readable: false, writable: true })),
  ];
  const life = lifeOf(child);
  return {
    ...life,
    // The output is passed on before the end is reported.
    ended: life.ended.then(async (end) => {
      await Promise.all(relayed.slice(1));
      return end;
    }),
    get pid() {
      return child.pid;
    },
    terminate: () => void child.kill("SIGTERM"),
    kill: () => void child.kill("SIGKILL"),
    left: () => child.left,
  };
}

/** Pass all data of one stream to another. A broken stream is not reported, because the agent's end is. */
async function relay(from: Readable, to: Writable): Promise<void> {
  from.pipe(to);
  await Promise.race([finished(from), finished(to)]).catch(() => undefined);
}

/** Return promises for the start and the end of a process. */
export function lifeOf(child: ChildProcess | LaunchedProgram): Pick<GuardedAgent, "started" | "ended"> {
  const emitter: NodeJS.EventEmitter = child;
  const started = new Promise<void>((resolve, reject) => {
    emitter.once("spawn", () => resolve());
    emitter.once("error", reject);
  });
  emitter.on("error", () => undefined); // A signal could not be sent to a started process.
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    emitter.once("exit", (code: number | null, signal: string | null) => resolve({ code, signal }));
  });
  return { started, ended };
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, Math.min(19, getPriority() + AGENT_NICENESS));
  } catch {
    // The process ended already.
  }
}
