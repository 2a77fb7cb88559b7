/** Sizes of the measurements. */
export interface Sizes {
  /** Samples of each figure; at least five, so that the median is meaningful. */
  readonly samples: number;
  /** Issues in one sample of `issues`, and before the second measurement of memory. */
  readonly issues: number;
  /** Issues in one sample of `calls`: few enough that the scheduler posts a queued comment on each of them. */
  readonly countedIssues: number;
  /** Pause before each sample of one issue alone. See {@link FULL}. */
  readonly restSeconds: number;
  /** Files in the repository of the issues. */
  readonly files: number;
  readonly idleSeconds: number;
  /** Size of one agent's output. */
  readonly megabytes: number;
  /** Waiting jobs in the large queue. */
  readonly waiting: number;
  /** Labelled issues for one poll. */
  readonly labelled: number;
  /** Runner processes on one Redis. */
  readonly runners: number;
  /** Duration of each measurement of Redis' counters. */
  readonly commandSeconds: number;
}

export const FULL: Sizes = {
  samples: 5,
  issues: 20,
  countedIssues: 3,
  // ext4 without a journal does not reuse an inode in the minute after its deletion, and searches ten times longer for others. Without
  // this pause, an issue that is alone would pay for the worktree that was removed after the sample before it.
  restSeconds: 65,
  files: 1000,
  idleSeconds: 300,
  megabytes: 1000,
  waiting: 100_000,
  labelled: 10_000,
  runners: 50,
  commandSeconds: 10,
};

export const QUICK: Sizes = {
  samples: 5,
  issues: 3,
  countedIssues: 3,
  restSeconds: 0,
  files: 100,
  idleSeconds: 10,
  megabytes: 50,
  waiting: 5000,
  labelled: 500,
  runners: 5,
  commandSeconds: 5,
};
