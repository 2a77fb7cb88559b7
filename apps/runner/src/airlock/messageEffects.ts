import { BREAK, defusePlain } from "@tac8/core/outgoing/defuse";
import type { MessageEffects } from "@tac8/core/outgoing/texts";
import { boundedGit, type BoundedGit } from "./boundedGit.ts";

/** Number of commits that are read, the newest first; a reviewer reads no more. */
const MAX_COMMITS = 200;
const MAX_NAMED = 10;
const MAX_BYTES = 1024 * 1024;

export interface CommitRange extends Omit<BoundedGit, "args" | "maxBytes"> {
  readonly base: string;
  readonly head: string;
  /** Number of the issue that the pull request closes anyway. */
  readonly own: number;
}

/**
 * Find the commits whose messages make GitHub act when they are merged: they mention an account, or close another
 * issue.
 * @throws Error if git fails
 */
export async function readMessageEffects({ base, head, own, ...where }: CommitRange): Promise<MessageEffects> {
  const limit = String(MAX_COMMITS + 1);
  const args = ["log", "--format=%h%x00%B%x00", "-n", limit, "--end-of-options", `${base}..${head}`];
  const { text, cut } = await boundedGit({ ...where, args, maxBytes: MAX_BYTES });
  const parts = text.split("\0");
  const found: string[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    if (hasEffects(parts[at + 1] ?? "", own)) found.push((parts[at] ?? "").trim());
  }
  return { commits: found.slice(0, MAX_NAMED), isWhole: !cut && parts.length <= 2 * MAX_COMMITS + 1 };
}

/** Return whether GitHub acts on a message when its commit is merged. Pure. */
export function hasEffects(message: string, own: number): boolean {
  const others = message
    .replaceAll(BREAK, "")
    .replaceAll(new RegExp(`\\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\\s+#${own}\\b`, "gi"), "");
  const made = defusePlain(others);
  return made !== made.replaceAll(BREAK, "");
}
