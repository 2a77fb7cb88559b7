import { z } from "zod";
import { clean, clip } from "./plainText.ts";

/** Hosts of an issue's round that are remembered. */
export const MAX_BLOCKED = 50;
const MAX_HOST = 255;
const MAX_TIMES = 1_000_000_000;
/** Of those that are named in one line. */
const MAX_SHOWN = 10;

/** A host that the network of a sandbox refused to agents, and how often. */
export const blockedHostSchema = z.object({
  host: z.string().max(MAX_HOST),
  times: z.int().min(1).max(MAX_TIMES),
});
export type BlockedHost = z.infer<typeof blockedHostSchema>;

/** What is remembered after one more run of the round; null: nothing. `redact` comes before a secret could be cut in two. */
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

/** `blocked: evil.example, 3 times; other.example, once`; empty: nothing was. */
export function blockedLine(blocked: readonly BlockedHost[] | null): string {
  if (blocked === null || blocked.length === 0) return "";
  const often = blocked.toSorted((a, b) => b.times - a.times);
  const shown = often
    .slice(0, MAX_SHOWN)
    .map(({ host, times }) => `${host}, ${times === 1 ? "once" : `${times} times`}`);
  const more = often.length - shown.length;
  return `blocked: ${[...shown, ...(more > 0 ? [`${more} more`] : [])].join("; ")}`;
}
