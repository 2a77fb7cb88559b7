import { Readable, Writable } from "node:stream";
import type { GuardCommand, GuardExit } from "./protocol.ts";

/** How the life of an agent and its guard ended: with a report, without the agent ever having started, or without a word. */
export type GuardEnd =
  | { readonly kind: "exit"; readonly exit: GuardExit }
  | { readonly kind: "spawn-failed"; readonly message: string }
  | { readonly kind: "lost"; readonly message: string };

/** An agent with its guard. */
export interface Guarded {
  /** The guard's. */
  readonly pid: number;
  readonly stdin: Writable;
  /** To be iterated over, as `stderr`: nothing may flow. */
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The agent's pid, or null when it could not be started. */
  readonly started: Promise<number | null>;
  /** Resolves when agent and guard have gone; never rejects. */
  readonly ended: Promise<GuardEnd>;
  send(command: GuardCommand): void;
  /** When `ended` does not resolve: abandon it, with SIGKILL to what is left. */
  killGuard(): void;
}

export const TOO_MANY_FILES = "too many open files: raise the limit (ulimit -n), or run fewer agents at once";

/** Trouble at the very start ends as any other does. `left`: what has to end first, such as a guard that has the lock. */
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
