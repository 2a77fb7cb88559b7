import { BREAK, defusePlain } from "@tac8/core/outgoing/defuse";
import type { MessageEffects } from "@tac8/core/outgoing/texts";
import type { Ranges } from "./ranges.ts";
import { commitMessage } from "./storedCommits.ts";

/** Number of commits that are read, the newest first; a reviewer reads no more. */
const MAX_COMMITS = 200;
const MAX_NAMED = 10;
const MAX_BYTES = 1024 * 1024;
/** GitHub shows this many characters of a commit's sha. */
const SHORT_SHA = 7;

export interface CommitRange {
  /** Ranges of the commits' repository. */
  readonly ranges: Pick<Ranges, "storedCommits">;
  readonly base: string;
  readonly head: string;
  /** Number of the issue that the pull request closes anyway. */
  readonly own: number;
}

/**
 * Find the commits whose messages make GitHub act when they are merged: they mention an account, or close another
 * issue.
 * @throws StepFailure of kind `git`
 */
export async function readMessageEffects({ ranges, base, head, own }: CommitRange): Promise<MessageEffects> {
  const stored = await ranges.storedCommits(head, [base]);
  if (stored === null) return { commits: [], isWhole: false };
  const found: string[] = [];
  let isWhole = stored.length <= MAX_COMMITS;
  let room = MAX_BYTES;
  for (const commit of stored.slice(0, MAX_COMMITS + 1)) {
    const { bytes, encoding } = commitMessage(commit);
    const { texts, isKnown } = textsOf(bytes.subarray(0, room), encoding);
    if (texts.some((text) => hasEffects(text, own))) found.push(commit.sha.slice(0, SHORT_SHA));
    room -= bytes.length;
    if (room < 0 || !isKnown) isWhole = false;
    if (room < 0) break;
  }
  return { commits: found.slice(0, MAX_NAMED), isWhole };
}

/**
 * Decode a message. The agent may name any encoding, and GitHub may ignore it, so the message is also read as UTF-8.
 * `isKnown`: false if the encoding is unknown. Pure.
 */
function textsOf(bytes: Buffer, encoding: string | null): { readonly texts: string[]; readonly isKnown: boolean } {
  const plain = bytes.toString("utf8");
  if (encoding === null) return { texts: [plain], isKnown: true };
  try {
    return { texts: [plain, new TextDecoder(encoding).decode(bytes)], isKnown: true };
  } catch {
    return { texts: [plain], isKnown: false };
  }
}

/** Return whether GitHub acts on a message when its commit is merged. Pure. */
export function hasEffects(message: string, own: number): boolean {
  const others = message
    .replaceAll(BREAK, "")
    .replaceAll(new RegExp(`\\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\\s+#${own}\\b`, "gi"), "");
  const made = defusePlain(others);
  return made !== made.replaceAll(BREAK, "");
}
