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
import type { DataFolderCheck } from "../host/dataFolderCheck.ts";
import type { GitExecutor } from "../git/executor.ts";
import type { OpenAgentSide } from "../agentPlace/side.ts";
import type { ProcessPool } from "../process/pool.ts";
import type { Scanner } from "../secrets/scanner.ts";

/** Services that all runs of a runner share. */
export interface RunnerServices {
  readonly config: Config;
  readonly github: GitHub;
  /** Account of the token. Null for an app's account until its first comment is posted. */
  readonly login: string | null;
  readonly redis: Redis;
  /** Paused by a hold of the whole queue. The scheduler resumes it. */
  readonly queue: Pick<Queue, "pause">;
  readonly store: IssueStore;
  readonly log: Logger;
  /** Id of this data folder. Sessions are stored in it. */
  readonly dataFolderId: string;
  /** Checks that the data folder is still there. */
  readonly dataFolderTrouble: DataFolderCheck;
  /** Limits for each agent. */
  readonly resourceLimits: ResourceLimits;
  readonly isolation: Isolation;
  readonly openAgentSide: OpenAgentSide;
  /** Starts git commands on the clean side. */
  readonly git: GitExecutor;
  /** Ends agents when the disk is almost full. */
  readonly disk: DiskWatch;
  /** Search agents' commits and texts for secrets. */
  readonly scanners: ProcessPool<Scanner>;
  readonly now: () => number;
  /** Remove secrets from a text that leaves this process. */
  readonly redact: (text: string) => string;
}

export type IssueJob = Job<JobData, JobResult>;
