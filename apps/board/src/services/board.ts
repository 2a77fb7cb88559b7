import type { Config } from "@tac8/core/config/resolve";
import type { JobData, JobResult } from "@tac8/core/queue/contract";
import type { Vitals } from "@tac8/core/app/vitals";
import type { IssueStore } from "@tac8/core/state/issueStore";
import type { Queue } from "bullmq";
import type { Request, Response } from "express";
import type { Redis } from "ioredis";
import type { Access } from "../access/access.ts";
import type { ChartFacts } from "../charts/chartFacts.ts";
import type { LiveHub } from "../live/hub.ts";
import type { RedisProbe } from "../redis/probe.ts";

/** The services of every page. */
export interface Board {
  readonly config: Config;
  /** Borrowed. */
  readonly redis: Redis;
  readonly queue: Queue<JobData, JobResult>;
  readonly store: IssueStore;
  readonly probe: RedisProbe;
  /** Returns data that all viewers share, at most one minute old. */
  readonly charts: () => Promise<ChartFacts>;
  readonly live: LiveHub;
  readonly access: Access;
  readonly vitals: Pick<Vitals, "read">;
  /** Epoch ms. */
  readonly now: () => number;
}

/** A function that answers one route. An error that it throws becomes an error page; `RedisUnreachable` becomes status 503. */
export type Page = (board: Board, request: Request, response: Response) => Promise<void>;
