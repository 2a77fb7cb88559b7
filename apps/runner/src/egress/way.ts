import type { Duplex } from "node:stream";
import type { Dialer } from "./dial.ts";
import type { Policy, Target } from "./policy.ts";

/** What every way out of a sandbox uses. */
export interface Way {
  readonly policy: Policy;
  readonly dialer: Dialer;
  /** Remembers a connection, so that closing ends it. */
  keep<T extends Duplex>(socket: T): T;
  /** Counts a refusal, and answers with what happened and what is allowed. `target` null: it cannot be read. */
  refuse(target: Target | null, why: string, answer: (line: string) => void): Promise<void>;
}

export function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message || String(error) : String(error)).slice(0, 300);
}
