import type { LaunchedProgram } from "@tac8/core/isolation/launcher/client";
import type { ChildProcess } from "node:child_process";

/**
 * Niceness of the agent and its processes. Runner and guard get the processor first: otherwise the thousands of
 * processes of a fork bomb would leave too little processor time to end the run, and to renew the locks of other runs.
 */
export const AGENT_NICENESS = 10;

/** Start and end of a process. */
export interface Life {
  /** Resolves when it has started. Rejects if it could not be started. */
  readonly started: Promise<void>;
  /** Resolves when it ends. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

/** Return promises for the start and the end of a process. */
export function lifeOf(child: ChildProcess | LaunchedProgram): Life {
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
