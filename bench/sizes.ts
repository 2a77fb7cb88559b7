/** How much is measured. */
export interface Sizes {
  /** Of each figure; five at least, so that a median means something. */
  readonly samples: number;
  /** Of one sample of `issues`, and of those before the second reading of memory. */
  readonly issues: number;
  /** Of one sample of `calls`: so few that the scheduler comments on each of them. */
  readonly countedIssues: number;
  /** In the repository that issues are about. */
  readonly files: number;
  readonly idleSeconds: number;
  /** Of one agent's output. */
  readonly megabytes: number;
  /** Waiting in the large queue. */
  readonly waiting: number;
  /** Labelled, for one poll. */
  readonly labelled: number;
  /** Processes on one Redis. */
  readonly runners: number;
  /** Of each reading of Redis' counters. */
  readonly commandSeconds: number;
}

export const FULL: Sizes = {
  samples: 5,
  issues: 20,
  countedIssues: 3,
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
  files: 100,
  idleSeconds: 10,
  megabytes: 50,
  waiting: 5000,
  labelled: 500,
  runners: 5,
  commandSeconds: 5,
};
