import { constants } from "node:os";
import type { GuardExit } from "../../guard/protocol.ts";

/** What bubblewrap adds to the number of the signal that ended its program. */
const BY_SIGNAL = 128;

/**
 * Return how the program of a sandbox ended, from how bubblewrap did: its code is 128 + n for a program that signal n ended. One that
 * exits with such a code itself means the same, as under a shell. Pure.
 */
export function endInside({ code, signal }: GuardExit["exit"]): GuardExit["exit"] {
  const number = (code ?? 0) - BY_SIGNAL;
  const name = Object.entries(constants.signals).find(([, one]) => one === number)?.[0];
  return name === undefined ? { code, signal } : { code: null, signal: name };
}
