import { Readable, Writable } from "node:stream";
import type { GuardCommand, GuardExit } from "./protocol.ts";

/** Processes that outlived the agent: the number of those that were killed, and of those that could not be killed in time. */
export type Leftovers = Pick<GuardExit, "survivors" | "remaining">;

/** End of an agent and its guard: with a report, without a start of the agent, or without a report. */
export type GuardEnd =
  | { readonly kind: "exit"; readonly exit: GuardExit }
  | { readonly kind: "spawn-failed"; readonly message: string }
  | ({ readonly kind: "lost"; readonly message: string } & Leftovers);

/** An agent with its guard. */
export interface Guarded {
  /** Pid of the guard. */
  readonly pid: number;
  readonly stdin: Writable;
  /** Iterate over it, like over `stderr`, so that no data is lost. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Pid of the agent; null if it could not be started. */
  readonly started: Promise<number | null>;
  /** Resolves when agent and guard have exited; never rejects. */
  readonly ended: Promise<GuardEnd>;
  send(command: GuardCommand): void;
  /** If `ended` does not resolve: abandon the guard, and kill the rest with SIGKILL. */
  killGuard(): void;
}

/**
 * Return an agent that failed to start, which ends like any other. `left`: a process that must end first, such as a
 * guard with the lock.
 */
export function neverStarted(message: string, left: Promise<unknown> = Promise.resolve()): Guarded {
  return {
    pid: 0,
    stdin: new Writable({ write: (_chunk, _encoding, done) => done() }),
    stdout: Readable.from([]),
    stderr: Readable.from([]),
    started: Promise.resolve(null),
    ended: left.then(() => ({ kind: "spawn-failed", message })),
    send: () => undefined,
    killGuard: () => undefined,
  };
}
