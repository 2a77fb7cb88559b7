import { StepFailure } from "@tac8/core/domain/failures";
import { needsText, type Change } from "@tac8/core/protection/protect";
import { localFailure } from "../git/errors.ts";
import type { RunGit } from "../git/executor.ts";

/** Enough for a list of a hundred thousand changed files. */
const MAX_LIST = 16 * 1024 * 1024;
const MAX_TEXT = 4 * 1024 * 1024;
/** Number of files whose texts are read. */
const MAX_TEXTS = 200;
const STEP_MS = 60_000;

/** An entry that differs between two commits. */
export interface TreeChange extends Change {
  /** Modes as git writes them: `000000` if the entry is missing. */
  readonly mode: { readonly before: string; readonly after: string };
  /** Object ids; all zeros if the entry is missing. */
  readonly object: { readonly before: string; readonly after: string };
}

export interface ChangesOptions {
  /** Git in a repository of the clean side. */
  readonly git: RunGit;
  /** Commit. */
  readonly base: string;
  readonly head: string;
}

export const LINK = "120000";
export const SUBMODULE = "160000";

/**
 * Return the entries that differ between two commits, with the texts that the rules of protected files need. Renames
 * are not detected, so a moved file is listed twice. @throws StepFailure of kind `refused` if there are too many to
 * check; of kind `git`
 */
export async function changesBetween({ git, base, head }: ChangesOptions): Promise<TreeChange[]> {
  const args = ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none"];
  const listed = await git([...args, base, head], { maxBytes: MAX_LIST, timeoutMs: STEP_MS });
  if (listed.code === undefined && listed.bytes.length >= MAX_LIST) {
    throw new StepFailure({ kind: "refused", message: "the agent's work changes more files than tac8 can check" });
  }
  if (listed.code !== 0) throw new StepFailure(localFailure("listing the changed files", listed.errorText));
  let texts = 0;
  const changes: TreeChange[] = [];
  for (const change of parseChanges(listed.bytes.toString("utf8"))) {
    if (!needsText(change)) {
      changes.push(change);
      continue;
    }
    texts += 1;
    changes.push({ ...change, text: texts > MAX_TEXTS ? null : await textsOf(git, change) });
  }
  return changes;
}

/** Parse the output of `git diff-tree -r -z --raw`. Pure. */
export function parseChanges(errorText: string): TreeChange[] {
  const parts = errorText.split("\0");
  const changes: TreeChange[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const match = /^:(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) [A-Z]/.exec(parts[at] ?? "");
    if (match === null) throw new Error("git listed the changed files in an unknown format");
    const [, before = "", after = "", oldObject = "", newObject = ""] = match;
    changes.push({
      path: parts[at + 1] ?? "",
      isIndirect: [before, after].some((mode) => mode === LINK || mode === SUBMODULE),
      mode: { before, after },
      object: { before: oldObject, after: newObject },
    });
  }
  return changes;
}

async function textsOf(git: RunGit, { object }: TreeChange): Promise<NonNullable<Change["text"]> | null> {
  const before = await blobText(git, object.before);
  const after = await blobText(git, object.after);
  return before === null || after === null ? null : { before, after };
}

/** Return the text of a blob; null if it is larger than the limit. */
async function blobText(git: RunGit, object: string): Promise<string | null> {
  if (/^0+$/.test(object)) return "";
  const { code, bytes, errorText } = await git(["cat-file", "blob", object], {
    maxBytes: MAX_TEXT,
    timeoutMs: STEP_MS,
  });
  if (code === undefined && bytes.length >= MAX_TEXT) return null;
  if (code !== 0) throw new StepFailure(localFailure("reading a changed file", errorText));
  return bytes.toString("utf8");
}
