import type { Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import type { GitHub } from "@tac8/core/github/client";
import type { Isolation } from "@tac8/core/isolation/choose";
import type { Logger } from "@tac8/core/log/logger";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { IssueStore } from "@tac8/core/state/issueStore";
import type { ResourceLimits } from "../host/resourceLimits.ts";
import type { DiskWatch } from "../host/diskWatch.ts";
import type { HomeCheck } from "../host/homeCheck.ts";
import type { OpenSide } from "../place/side.ts";

/** What a runner has for all of its runs. */
export interface RunnerServices {
  readonly config: Config;
  readonly github: GitHub;
  /** The account that the token belongs to; null: an app's, which is known from the first comment on. */
  readonly login: string | null;
  readonly redis: Redis;
  /** Paused with a hold of the whole queue; the scheduler lets it continue. */
  readonly queue: Pick<Queue, "pause">;
  readonly store: IssueStore;
  readonly log: Logger;
  /** Id of this data folder: sessions live in one. */
  readonly homeId: string;
  /** Checks that the data folder is still there. */
  readonly homeTrouble: HomeCheck;
  /** For each run's agent. */
  readonly resourceLimits: ResourceLimits;
  readonly isolation: Isolation;
  readonly openSide: OpenSide;
  /** Ends agents while the disk runs full. */
  readonly disk: DiskWatch;
  readonly now: () => number;
  /** Takes secrets out of a text that leaves this process. */
  readonly redact: (text: string) => string;
}

export type IssueJob = Job<JobData, JobResult>;
