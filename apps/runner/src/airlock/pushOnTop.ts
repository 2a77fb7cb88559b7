import { runCleanGitIn } from "../git/cleanSide.ts";
import { fetchBranch, Overtaken, pushBranch, type PushOptions } from "./push.ts";
import { replayOnto } from "./replayOnto.ts";
import { planReplay } from "./replayPlan.ts";

/** A user who pushes more often than this during a push gets a failure that asks to stop first. */
const MAX_ROUNDS = 3;

export interface PushOnTop extends PushOptions {
  /** Our commits are those of `sha` that `from` does not have. */
  readonly from: string;
}

/**
 * Push like `pushBranch`. If another contributor has pushed to the branch meanwhile, replay our commits on top of
 * theirs. @returns the commit of the branch, and the one of theirs below ours, if any. @throws Overtaken if they
 * conflict, or if the branch was removed.
 */
export async function pushOnTop(
  options: PushOnTop,
): Promise<{ readonly how: "pushed" | "already"; readonly sha: string; readonly theirs: string | null }> {
  let { sha, expected } = options;
  let found: string | null = null;
  for (let round = 1; ; round += 1) {
    try {
      return { how: await pushBranch({ ...options, sha, expected }), sha, theirs: found };
    } catch (error) {
      if (!(error instanceof Overtaken) || round === MAX_ROUNDS) throw error;
      const theirs = await fetchBranch(options);
      if (theirs === null) throw error;
      const replayed = await replayOnto({
        git: runCleanGitIn(options.clean, options.dir, { signal: options.signal }),
        head: options.sha,
        ...planReplay({ why: "overtaken", theirs, from: options.from }),
      });
      if (replayed.kind === "conflict") throw error;
      const { head: onTop } = replayed;
      // If all of our commits are already there, the head of the branch is ours too: the answer to an earlier push was
      // lost.
      if (onTop !== theirs) found = theirs;
      [sha, expected] = [onTop, theirs];
    }
  }
}
