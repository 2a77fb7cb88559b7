import { clean, clip } from "../domain/plainText.ts";

const MAX_CLAUSE = 300;

/** Return external text for the end of a clause: shortened, on one line, without control codes and without a full stop. */
export function asClause(text: string | null, max = MAX_CLAUSE): string {
  const line = clean((text ?? "").slice(0, 8 * max))
    .replaceAll(/\s+/g, " ")
    .trim();
  return clip(line, max).replace(/\.$/, "");
}

/** Return the text with a full stop at the end. */
export function withFullStop(text: string): string {
  return `${text}${/[.!?…]$/.test(text) ? "" : "."}`;
}

/** Return a clause as a sentence: the first letter in upper case, unless it begins with a name, and a full stop at the end. */
export function asSentence(text: string): string {
  return withFullStop(/^[a-z]+(?=[\s,.:'])/.test(text) ? `${text.charAt(0).toUpperCase()}${text.slice(1)}` : text);
}

/** Return a verb with its reason, which may begin with the verb itself: `stopped by ann`, `stopped: too expensive`. */
export function verbWithReason(verb: string, reason: string): string {
  return reason.startsWith(`${verb} `) ? reason : `${verb}: ${reason}`;
}

export function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

/** Return the beginning of a run's id, which is enough to find the run. */
export function shortRun(run: string): string {
  return run.slice(0, 8);
}
