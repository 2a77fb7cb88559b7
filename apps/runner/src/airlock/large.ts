import { StepFailure } from "@tac8/core/domain/failures";
import { localFailure } from "../git/errors.ts";
import type { RunGit } from "../git/executor.ts";
import type { TreeChange } from "./changes.ts";

/** GitHub warns about files of this size, and refuses files over 100 MB. */
const LARGE = 50 * 1024 * 1024;
const MAX_LIST = 16 * 1024 * 1024;
const STEP_MS = 60_000;

/** Return the changed files of 50 MB and more, with their sizes. @throws StepFailure of kind `git` */
export async function largeFiles(
  git: RunGit,
  changes: readonly TreeChange[],
): Promise<{ readonly path: string; readonly bytes: number }[]> {
  const files = changes.filter(({ mode }) => mode.after.startsWith("100"));
  if (files.length === 0) return [];
  const input = Buffer.from(files.map(({ object }) => `${object.after}\n`).join(""));
  const args = ["cat-file", "--batch-check=%(objectsize)"];
  const { code, bytes, errorText } = await git(args, { input, maxBytes: MAX_LIST, timeoutMs: STEP_MS });
  if (code !== 0) throw new StepFailure(localFailure("reading the sizes of changed files", errorText));
  const sizes = bytes.toString("latin1").split("\n");
  return files.flatMap(({ path }, index) => {
    const size = Number(sizes[index]);
    return size >= LARGE ? [{ path, bytes: size }] : [];
  });
}
