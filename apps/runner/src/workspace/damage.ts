import { StepFailure } from "@tac8/core/domain/failures";

/** Messages of git 2.39 about damaged settings, refs or objects of a repository. */
const DAMAGED =
  /not a git repository|bad config|bad object|bad (?:tree|blob|commit)|unexpected line in|is corrupt|corrupt or missing|object file \S+ is empty|unable to read|could not read [0-9a-f]{40}|not a (?:tree|blob|commit) object|invalid object|inflate: data stream|did not send all necessary objects|ignoring broken ref|invalid sha1 pointer|missing (?:blob|tree|commit)|broken link|does not match index|index not opened|(?:checksum|hash|sha1) mismatch|failed to traverse|not a valid (?:commit|object) name|no history in common/i;
/** Messages of the server, which are not about the local repository. */
const REMOTE = /^remote:.*$/gm;

/** Return whether a message of git reports a damaged repository. Pure. */
export function saysDamaged(text: string): boolean {
  return DAMAGED.test(text.replaceAll(REMOTE, ""));
}

/** Return whether an error may mean a damaged repository. The caller must check the repository, because an agent's git may print any text. */
export function mayMeanDamage(error: unknown): boolean {
  if (!(error instanceof StepFailure)) return false;
  const { kind, message } = error.failure;
  if (kind !== "git" && kind !== "refused") return false;
  return saysDamaged(error.cause instanceof Error ? `${message}\n${error.cause.message}` : message);
}
