import type { Config } from "@tac8/core/config/resolve";
import type { Queue } from "bullmq";
import type { Request, Response } from "express";
import type { Redis } from "ioredis";
import type { RedisProbe } from "./redis/probe.ts";

/** What every page has at hand. */
export interface Board {
  readonly config: Config;
  /** Borrowed. */
  readonly redis: Redis;
  readonly queue: Queue;
  readonly probe: RedisProbe;
  /** Epoch ms. */
  readonly now: () => number;
}

/** Answers one route. What it throws becomes an error page; `RedisAway` becomes status 503. */
export type Page = (board: Board, request: Request, response: Response) => Promise<void>;
