import { runCleanGitIn, type CleanSide } from "../git/cleanSide.ts";

const TIME_MS = 30_000;

export interface BoundedGit {
  readonly clean: CleanSide;
  /** A repository of the clean side. */
  readonly dir: string;
  readonly args: readonly string[];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Run git on an agent's commits and return at most `maxBytes` of its output. @throws Error if git fails */
export async function boundedGit(given: BoundedGit): Promise<{ readonly text: string; readonly cut: boolean }> {
  const { clean, dir, args, maxBytes, signal } = given;
  const git = runCleanGitIn(clean, dir, { signal });
  const { code, bytes, errorText } = await git(args, { maxBytes, timeoutMs: TIME_MS });
  const cut = code === undefined && bytes.length >= maxBytes;
  if (code !== 0 && !cut) throw new Error(`git ${args[0] ?? ""}: ${errorText.slice(0, 500)}`);
  return { text: bytes.toString("utf8"), cut };
}
