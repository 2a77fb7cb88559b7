import { isIPv6 } from "node:net";

/**
 * Wrong passwords, by address. The first few are free, then each wrong one shuts out further tries of its address for
 * longer, the right password too: else the waiting would hinder nobody who guesses. Sessions, links and the metrics
 * token are not guessed, and never shut out: a program on this machine cannot lock its owner out.
 */
const FREE = 5;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 5 * 60_000;
/** After so long without a wrong one, an address begins from zero. The right password resets nothing, so that no guess is free. */
const FORGET_MS = 60 * 60_000;
/** As many addresses are remembered, the latest ones. */
const MAX_ADDRESSES = 1000;

export interface Guesses {
  /** For how long (ms) this address must wait; 0: it may try. */
  waitOf(address: string): number;
  /** Notes a wrong password. @returns how many since an hour without one, and the wait that begins (ms) */
  wrong(address: string): { readonly count: number; readonly wait: number };
}

interface Entry {
  readonly count: number;
  readonly at: number;
  readonly until: number;
}

/** @param now epoch ms */
export function countGuesses(now: () => number): Guesses {
  const entries = new Map<string, Entry>();
  const entryOf = (address: string): Entry | null => {
    const entry = entries.get(groupOf(address));
    return entry === undefined || now() - entry.at > FORGET_MS ? null : entry;
  };
  return {
    waitOf: (address) => Math.max(0, (entryOf(address)?.until ?? 0) - now()),
    wrong(address) {
      const count = (entryOf(address)?.count ?? 0) + 1;
      const wait = count < FREE ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - FREE), MAX_WAIT_MS);
      const group = groupOf(address);
      entries.delete(group); // The latest are last.
      entries.set(group, { count, at: now(), until: now() + wait });
      for (const oldest of entries.keys()) {
        if (entries.size <= MAX_ADDRESSES) break;
        entries.delete(oldest);
      }
      return { count, wait };
    },
  };
}

/** One machine has a whole /64 of IPv6 addresses. */
function groupOf(address: string): string {
  if (!isIPv6(address) || address.includes(".")) return address.replace(/^::ffff:/i, "");
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const left = head.split(":").filter((part) => part !== "");
  const right = (tail ?? "").split(":").filter((part) => part !== "");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right].slice(0, 4).join(":");
}
