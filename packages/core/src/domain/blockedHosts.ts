import { z } from "zod";
import { clean, clip } from "./plainText.ts";

/** Maximum number of hosts that are stored per round of an issue. */
export const MAX_BLOCKED = 50;
const MAX_HOST = 255;
const MAX_TIMES = 1_000_000_000;
/** Maximum number of hosts in one line. */
const MAX_SHOWN = 10;

/** A host that a sandbox's proxy blocked, and the number of times. */
export const blockedHostSchema = z.object({
  host: z.string().max(MAX_HOST),
  times: z.int().min(1).max(MAX_TIMES),
});
export type BlockedHost = z.infer<typeof blockedHostSchema>;

/** Add the blocked hosts of a run to those of the round; null: none. `redact` is called before truncation could split a secret. */
export function addBlocked(
  before: readonly BlockedHost[] | null,
  more: readonly BlockedHost[],
  redact: (text: string) => string,
): BlockedHost[] | null {
  const counts = new Map((before ?? []).map(({ host, times }) => [host, times]));
  for (const { host, times } of more) {
    const name = clip(clean(redact(host)).replaceAll(/\s+/g, " ").trim(), MAX_HOST);
    const known = counts.get(name);
    if (known === undefined && counts.size >= MAX_BLOCKED) continue;
    counts.set(name, Math.min(MAX_TIMES, (known ?? 0) + Math.max(1, Math.floor(times))));
  }
  return counts.size === 0 ? null : [...counts].map(([host, times]) => ({ host, times }));
}

/** Return `blocked: evil.example, 3 times; other.example, once`; empty: no host was blocked. */
export function blockedLine(blocked: readonly BlockedHost[] | null): string {
  if (blocked === null || blocked.length === 0) return "";
  const often = blocked.toSorted((a, b) => b.times - a.times);
  const shown = often
    .slice(0, MAX_SHOWN)
    .map(({ host, times }) => `${host}, ${times === 1 ? "once" : `${times} times`}`);
  const more = often.length - shown.length;
  return `blocked: ${[...shown, ...(more > 0 ? [`${more} more`] : [])].join("; ")}`;
}
