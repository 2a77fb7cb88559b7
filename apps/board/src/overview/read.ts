import { readEvents, type LoggedEvent } from "@tac8/core/state/events";
import { readHolds } from "@tac8/core/state/holds";
import type { Hold } from "@tac8/core/domain/holds";
import type { Board } from "../board.ts";
import type { HealthSnapshot } from "../health/judge.ts";
import { readHealth } from "../health/read.ts";
import { readInTime, RedisAway } from "../redis/away.ts";

export interface Counts {
  readonly waiting: number;
  readonly active: number;
  /** Parked, blocked, or waiting for their next try. */
  readonly delayed: number;
  readonly completed: number;
  readonly failed: number;
}

export interface OverviewSnapshot {
  readonly health: HealthSnapshot;
  readonly counts: Counts;
  readonly paused: boolean;
  readonly holds: readonly Hold[];
  /** Oldest first. */
  readonly events: readonly LoggedEvent[];
}

const EVENTS_SHOWN = 20;

/** @throws RedisAway */
export async function readOverview(board: Board): Promise<OverviewSnapshot> {
  const { redis, queue } = board;
  const health = await readHealth(board);
  if (!health.redis) throw new RedisAway();
  const [counts, paused, holds, events] = await readInTime(board.probe, () =>
    Promise.all([
      queue.getJobCounts("waiting", "prioritized", "active", "delayed", "completed", "failed"),
      queue.isPaused(),
      readHolds(redis),
      readEvents(redis, { count: EVENTS_SHOWN }),
    ]),
  );
  const count = (name: string) => counts[name] ?? 0;
  return {
    health,
    counts: {
      waiting: count("waiting") + count("prioritized"),
      active: count("active"),
      delayed: count("delayed"),
      completed: count("completed"),
      failed: count("failed"),
    },
    paused,
    holds,
    events,
  };
}
