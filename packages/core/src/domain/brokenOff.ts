/**
 * Progress of a run whose runner ended before it did: `changes` are a new commit or a changed file, `steps` are finished
 * tool calls or answers of the model without such a change.
 */
export type RunProgress = "none" | "steps" | "changes";

/** Runs of one issue in a row that ended with their runner. */
export interface BrokenOff {
  /** Without any progress. */
  readonly lost: number;
  /** Without a change of the workspace. */
  readonly unchanged: number;
  /** All of these runs. Only an agent that ends by itself resets this count. */
  readonly brokenOff: number;
}

export const NOT_BROKEN_OFF = { lost: 0, unchanged: 0, brokenOff: 0 } as const satisfies BrokenOff;

/** A broken-off run is repeated immediately. After this many in a row without any progress, the issue fails (`lost`). */
export const MAX_LOST_IN_A_ROW = 3;
/** An agent that ends its runner may make some steps before that. So the issue also fails after this many runs without a change. */
export const MAX_UNCHANGED_IN_A_ROW = 6;
/** The issue also fails after this many runs, even if the agent writes a file in each of them. */
export const MAX_BROKEN_OFF_IN_A_ROW = 20;

/** Return the counts after one more run that ended with its runner. Pure. */
export function countBrokenOff({ lost, unchanged, brokenOff: before }: BrokenOff, progress: RunProgress): BrokenOff {
  const brokenOff = before + 1;
  switch (progress) {
    case "none":
      return { lost: lost + 1, unchanged: unchanged + 1, brokenOff };
    case "steps":
      return { lost: 0, unchanged: unchanged + 1, brokenOff };
    case "changes":
      return { ...NOT_BROKEN_OFF, brokenOff };
    default:
      return progress satisfies never;
  }
}

/**
 * Return why the issue fails, or null while its runs may be repeated. Pure.
 * @param how the newest run ended
 * @param mostLost maximum number of runs in a row without any progress
 */
export function tooOften(
  { lost, unchanged, brokenOff }: BrokenOff,
  how: "lost" | "requeued",
  mostLost = MAX_LOST_IN_A_ROW,
): string | null {
  const found = (
    [
      [lost, mostLost, ", each time without progress"],
      [unchanged, Math.max(MAX_UNCHANGED_IN_A_ROW, mostLost), ", each time without a change in the workspace"],
      [brokenOff, MAX_BROKEN_OFF_IN_A_ROW, ""],
    ] as const
  ).find(([times, most]) => times >= most);
  if (found === undefined) return null;
  const [times, , what] = found;
  return how === "lost"
    ? `the runner was lost ${times} times in a row while working on this issue${what}`
    : `the runner ended ${times} times in a row while the agent was running${what}`;
}
