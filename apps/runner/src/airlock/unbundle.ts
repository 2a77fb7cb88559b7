import { open } from "node:fs/promises";
import { StepFailure } from "@tac8/core/domain/failures";
import { CROSSING_MS } from "./bundle.ts";
import { runCleanGitIn, type CleanSide } from "../git/cleanSide.ts";
import { saysDiskFull } from "../git/diskFull.ts";
import { localFailure } from "../git/errors.ts";

/** Limit for the header; a bundle of tac8 has one ref and a few prerequisites. */
const MAX_HEAD = 64 * 1024;
/** Limit for what git prints about bad objects. */
const MAX_OUTPUT = 16 * 1024 * 1024;

export interface UnbundleOptions {
  readonly side: CleanSide;
  /** Bare repository of the clean side for the objects. */
  readonly dir: string;
  readonly file: string;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/**
 * Import a bundle's objects into a repository. Each object is checked (`fsck`) and each reference is followed, because
 * `git fetch` of a bundle checks nothing before git 2.46. @returns the full sha of the bundle's HEAD.
 */
export async function unbundle({ side, dir, file, signal, timeoutMs = CROSSING_MS }: UnbundleOptions): Promise<string> {
  const { head, packAt } = await readHead(file);
  // The repository is removed at the end of the run, so nothing of it has to survive a power cut.
  const args = ["-c", "core.fsync=none", "index-pack", "--stdin", "--fix-thin", "--strict"];
  const git = runCleanGitIn(side, dir, { signal });
  const { code, errorText } = await git(args, { input: { file, from: packAt }, maxBytes: MAX_OUTPUT, timeoutMs });
  if (code === 0) return head;
  if (code === undefined) {
    throw new StepFailure(localFailure("checking the agent's commits took too long, or git was killed", errorText));
  }
  if (saysDiskFull(errorText)) throw new StepFailure(localFailure("checking the agent's commits", errorText));
  const lines = errorText.split("\n").slice(0, 3).join(" · ").slice(0, 500);
  throw new StepFailure({ kind: "refused", message: `the agent's commits failed git's check: ${lines}` });
}

/** Read the lines before the pack; an empty line ends them. */
async function readHead(path: string): Promise<{ head: string; packAt: number }> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_HEAD), 0, MAX_HEAD, 0);
    const end = buffer.subarray(0, bytesRead).indexOf("\n\n");
    const head = /^([0-9a-f]{40,64}) HEAD$/m.exec(buffer.toString("latin1", 0, Math.max(end, 0)))?.[1];
    if (head === undefined)
      throw new StepFailure({ kind: "git", message: "the agent's commits are not a valid bundle" });
    return { head, packAt: end + 2 };
  } finally {
    await file.close();
  }
}
