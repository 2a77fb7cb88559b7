import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "../git/errors.ts";
import type { RunGit } from "../git/executor.ts";
import { BATCH, splitObjects } from "../git/splitObjects.ts";

/** Limit of all commits that are read together. */
export const MAX_COMMIT_BYTES = 16 * 1024 * 1024;
const READ_MS = 2 * 60_000;

/** A commit as git stores it. */
export interface StoredCommit {
  readonly sha: string;
  /** Headers, an empty line and the message, which may have zero bytes. */
  readonly content: Buffer;
}

/**
 * Read commits, in this order. @returns null if they are larger than `MAX_COMMIT_BYTES` or took too long. @throws
 * StepFailure of kind `git`
 */
export async function readStoredCommits(git: RunGit, shas: readonly string[]): Promise<readonly StoredCommit[] | null> {
  if (shas.length === 0) return [];
  const input = Buffer.from(shas.map((sha) => `${sha}\n`).join(""));
  const options = { input, maxBytes: MAX_COMMIT_BYTES, timeoutMs: READ_MS };
  const { code, bytes, errorText } = await git(["cat-file", BATCH], options);
  if (code === undefined) return null;
  if (code !== 0) throw readFailure(errorText);
  const contents = splitObjects(bytes, { count: shas.length, type: "commit" });
  if (typeof contents === "string") throw readFailure(contents);
  return shas.map((sha, index) => ({ sha, content: contents[index] ?? Buffer.alloc(0) }));
}

/** The message of a stored commit. `encoding`: the name of its encoding; null if the commit names none. Pure. */
export function commitMessage({ content }: StoredCommit): { readonly bytes: Buffer; readonly encoding: string | null } {
  const end = content.indexOf("\n\n");
  const headers = content.toString("latin1", 0, end < 0 ? content.length : end);
  return {
    bytes: end < 0 ? Buffer.alloc(0) : content.subarray(end + 2),
    encoding: /^encoding (.*)$/m.exec(headers)?.[1] ?? null,
  };
}

function readFailure(errorText: string): StepFailure {
  return new StepFailure(localFailure("reading the commits", errorText));
}
