import { clean, clip } from "../domain/plainText.ts";

const MAX_WORDS = 300;

/** A user's words, shortened, on one line, without control codes and without a full stop: they end a clause of ours. */
export function words(text: string | null, max = MAX_WORDS): string {
  const line = clean((text ?? "").slice(0, 8 * max))
    .replaceAll(/\s+/g, " ")
    .trim();
  return clip(line, max).replace(/\.$/, "");
}

/** With a full stop when it ends. */
export function ended(text: string): string {
  return `${text}${/[.!?…]$/.test(text) ? "" : "."}`;
}

/** The first letter large, where it begins with a plain word and not with a name; a full stop at the end. */
export function sentence(text: string): string {
  return ended(/^[a-z]+(?=[\s,.:'])/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text);
}

/** `stopped by ann`, `stopped: too dear`: a reason may begin with the verb itself. */
export function happened(verb: string, reason: string): string {
  return reason.startsWith(`${verb} `) ? reason : `${verb}: ${reason}`;
}

export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** Enough of a run's id to find it. */
export function shortRun(run: string): string {
  return run.slice(0, 8);
}
