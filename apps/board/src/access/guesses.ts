import { isIPv6 } from "node:net";

/**
 * Wrong passwords, by address. The first few have no effect. After that, each wrong password blocks further tries from its address
 * for a longer time. The right password is blocked too, because otherwise the wait would not slow down guessing. Sessions, links
 * and the metrics token cannot be guessed and are never blocked, so a program on this machine cannot lock its owner out.
 */
const FREE = 5;
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 5 * 60_000;
/** Time without a wrong password after which an address starts at zero. The right password does not reset the count. */
const FORGET_MS = 60 * 60_000;
/** Maximum number of addresses. The oldest are forgotten first. */
const MAX_ADDRESSES = 1000;

export interface Guesses {
  /** Return how long this address must wait, in ms; 0: it may try. */
  waitOf(address: string): number;
  /** Count a wrong password. @returns the number since the last hour without one, and the wait that starts now, in ms */
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
      entries.delete(group); // The map is in order of time, newest last.
      entries.set(group, { count, at: now(), until: now() + wait });
      for (const oldest of entries.keys()) {
        if (entries.size <= MAX_ADDRESSES) break;
        entries.delete(oldest);
      }
      return { count, wait };
    },
  };
}

/** Return the key of an address: an IPv4 address, or the /64 network of an IPv6 address, which may belong to one machine. */
function groupOf(address: string): string {
  if (!isIPv6(address) || address.includes(".")) return address.replace(/^::ffff:/i, "");
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const left = head.split(":").filter((part) => part !== "");
  const right = (tail ?? "").split(":").filter((part) => part !== "");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(Math.max(0, zeros)).fill("0"), ...right].slice(0, 4).join(":");
}
