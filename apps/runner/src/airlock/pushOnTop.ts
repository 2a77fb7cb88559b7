import { cleanRun } from "../git/cleanSide.ts";
import { fetchBranch, Overtaken, pushBranch, type PushOptions } from "./push.ts";
import { replayOnto } from "./replayOnto.ts";
import { planReplay } from "./replayPlan.ts";

/** A user who pushes more often than this while we check is asked to stop first, by the failure. */
const MAX_ROUNDS = 3;

export interface PushOnTop extends PushOptions {
  /** Commits that this one has and `from` has not are ours. */
  readonly from: string;
}

/**
 * Pushes like `pushBranch`; where another contributor has pushed to the branch meanwhile, our commits are made again on top of
 * theirs. @returns the commit that the branch is at, and the one of theirs that it is on top of, if any. @throws Overtaken
 * when they conflict, or the branch was removed.
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
        git: cleanRun(options.clean, options.dir, { signal: options.signal }),
        head: options.sha,
        ...planReplay({ why: "overtaken", theirs, from: options.from }),
      });
      if (replayed.kind === "conflict") throw error;
      const { head: onTop } = replayed;
      // Where all of ours is there already, the branch's end is ours too: the answer to an earlier push was lost.
      if (onTop !== theirs) found = theirs;
      [sha, expected] = [onTop, theirs];
    }
  }
}
