import { evaluateHealth } from "@tac8/core/health/evaluate";
import { readQuestions } from "@tac8/core/status/questions";
import { readSnapshot } from "@tac8/core/status/snapshot";
import { createIssueStore } from "@tac8/core/state/issueStore";
import type { Redis } from "ioredis";
import { redisAddress } from "@tac8/core/config/redisUrl";
import type { Installation } from "../installation/locate.ts";
import { withQueue, type IssueQueue } from "../redis/queue.ts";
import { statusReport, type StatusReport } from "./statusReport.ts";

export interface StatusSource {
  /** Borrowed. */
  readonly redis: Redis;
  readonly installation: Installation;
  /** Number of newest events. */
  readonly events: number;
  readonly now: number;
}

/** Read the status. The cost does not grow with the queue. */
export function readStatus(source: StatusSource): Promise<StatusReport> {
  return withQueue(source.redis, (queue) => readStatusOf(queue, source));
}

/** Read the status with an open queue. */
export async function readStatusOf(
  queue: IssueQueue,
  { redis, installation, events, now }: StatusSource,
): Promise<StatusReport> {
  const { redisUrl, repositories, pollSeconds, limits, configPath, isDemo } = installation;
  const [snapshot, questions] = await Promise.all([
    readSnapshot({ redis, queue, now, events }),
    readQuestions(queue, createIssueStore(redis)),
  ]);
  const health = evaluateHealth(snapshot, { now, pollSeconds, limits });
  const config = { path: configPath, isDemo };
  return statusReport(snapshot, { config, health, questions, address: redisAddress(redisUrl), repositories, now });
}
