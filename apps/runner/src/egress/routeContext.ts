import type { Duplex } from "node:stream";
import type { Dialer } from "./dial.ts";
import type { Policy, Target } from "./policy.ts";

/** Functions and settings that all routes of the proxy use. */
export interface RouteContext {
  readonly policy: Policy;
  readonly dialer: Dialer;
  /** Register a connection, so that closing the proxy closes it. */
  keep<T extends Duplex>(socket: T): T;
  /** Count a refusal, and answer what happened and which hosts are allowed. `target` null: it is invalid. */
  refuse(target: Target | null, why: string, answer: (line: string) => void): Promise<void>;
}

export function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message || String(error) : String(error)).slice(0, 300);
}
