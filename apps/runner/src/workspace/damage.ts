import { StepFailure } from "@tac8/core/domain/failures";

/** Git's words for a repository that is not whole: its settings, its refs, or its objects. Words of git 2.39. */
const DAMAGED =
  /not a git repository|bad config|bad object|bad (?:tree|blob|commit)|unexpected line in|is corrupt|corrupt or missing|object file \S+ is empty|unable to read|could not read [0-9a-f]{40}|not a (?:tree|blob|commit) object|invalid object|inflate: data stream|did not send all necessary objects|ignoring broken ref|invalid sha1 pointer|missing (?:blob|tree|commit)|broken link|does not match index|index not opened|(?:checksum|hash|sha1) mismatch|failed to traverse|not a valid (?:commit|object) name|no history in common/i;
/** A server's own troubles are not ours. */
const REMOTE = /^remote:.*$/gm;

/** Pure: do these words say so? */
export function saysDamaged(text: string): boolean {
  return DAMAGED.test(text.replaceAll(REMOTE, ""));
}

/** A suspicion, for who can look closer: an agent's git may say anything. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof StepFailure)) return false;
  const { kind, message } = error.failure;
  if (kind !== "git" && kind !== "refused") return false;
  return saysDamaged(error.cause instanceof Error ? `${message}\n${error.cause.message}` : message);
}
