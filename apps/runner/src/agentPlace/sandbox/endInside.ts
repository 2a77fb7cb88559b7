import { constants } from "node:os";
import type { GuardExit } from "../../guard/protocol.ts";

/** Added by bubblewrap to the number of the signal that ended its program. */
const BY_SIGNAL = 128;

/**
 * Return how the program of a sandbox ended, from the exit of bubblewrap, whose code is 128 + n for a program that signal n ended. A
 * program that itself exits with such a code means the same, as in a shell. Pure.
 */
export function endInside({ code, signal }: GuardExit["exit"]): GuardExit["exit"] {
  const number = (code ?? 0) - BY_SIGNAL;
  const name = Object.entries(constants.signals).find(([, one]) => one === number)?.[0];
  return name === undefined ? { code, signal } : { code: null, signal: name };
}
