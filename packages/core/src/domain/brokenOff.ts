/**
 * Progress of a run whose runner ended before it did: `changes` are a new commit or a changed file, `steps` are finished
 * tool calls or answers of the agent that changed nothing.
 */
export type RunProgress = "none" | "steps" | "changes";

/** Runs of one issue in a row that ended with their runner. */
export interface BrokenOff {
  /** Without any progress. */
  readonly lost: number;
  /** Without a change of the workspace. */
  readonly unchanged: number;
}

export const NOT_BROKEN_OFF = { lost: 0, unchanged: 0 } as const satisfies BrokenOff;

/** Such a run is taken up again at once; after this many in a row without any progress the issue fails (`lost`). */
export const MAX_LOST_IN_A_ROW = 3;
/** An agent that ends its runner makes some steps before it does so, each time: after this many runs that changed nothing the issue fails too. */
export const MAX_UNCHANGED_IN_A_ROW = 6;

/** Return the counts after one more run that ended with its runner. Pure. */
export function countBrokenOff({ lost, unchanged }: BrokenOff, progress: RunProgress): BrokenOff {
  switch (progress) {
    case "none":
      return { lost: lost + 1, unchanged: unchanged + 1 };
    case "steps":
      return { lost: 0, unchanged: unchanged + 1 };
    case "changes":
      return NOT_BROKEN_OFF;
    default:
      return progress satisfies never;
  }
}

/** Return why the issue fails, or null while its runs may be taken up again. Pure. `how`: the way in which the newest run ended. */
export function tooOften({ lost, unchanged }: BrokenOff, how: "lost" | "handed back"): string | null {
  const without =
    lost >= MAX_LOST_IN_A_ROW
      ? ([lost, "without progress"] as const)
      : unchanged >= MAX_UNCHANGED_IN_A_ROW
        ? ([unchanged, "without a change in the workspace"] as const)
        : null;
  if (without === null) return null;
  const [times, what] = without;
  return how === "lost"
    ? `the runner was lost ${times} times in a row while it worked on this issue, each time ${what}`
    : `the runner was ended ${times} times in a row while its agent ran, each time ${what}`;
}
