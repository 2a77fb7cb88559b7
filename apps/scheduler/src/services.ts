import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import type { GitHub } from "@tac8/core/github/client";
import type { Logger } from "@tac8/core/log/logger";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueStore } from "@tac8/core/state/issueStore";

/** The services of a scheduler that has the lease. All borrowed. */
export interface SchedulerServices {
  readonly config: Config;
  readonly redis: Redis;
  readonly queue: Queue<JobData, JobResult>;
  readonly store: IssueStore;
  readonly github: GitHub;
  /** The token's account; null: an app's, which is known from the first comment on. */
  readonly login: string | null;
  readonly log: Logger;
  readonly now: () => number;
  /** Aborted when the scheduler closes or loses the lease. */
  readonly signal: AbortSignal;
}
