import type { Hold } from "@tac8/core/domain/holds";
import { readEvents, type LoggedEvent } from "@tac8/core/state/events";
import { readHolds } from "@tac8/core/state/holds";
import { keepsPolling, readRunners, readScheduler, RUNNER_GONE_MS } from "@tac8/core/state/presence";
import type { RunnerPresence, SchedulerPresence } from "@tac8/core/state/presence";
import type { Redis } from "ioredis";
import { withQueue } from "../redis/queue.ts";

/** What Redis says, as it was read. */
export interface Snapshot {
  readonly scheduler: SchedulerPresence | null;
  readonly runners: readonly RunnerPresence[];
  /** Number of jobs by BullMQ's states. */
  readonly counts: Readonly<Record<string, number>>;
  readonly paused: boolean;
  readonly holds: readonly Hold[];
  readonly events: readonly LoggedEvent[];
}

/** How tac8 is; the keys of `tac8 status --json`. Times are ISO. */
export interface Health {
  /** True when there is a scheduler that reaches GitHub and a runner. */
  readonly ok: boolean;
  /** `host:port`. */
  readonly redis: string;
  readonly scheduler: { readonly ok: boolean; readonly lastPollAt: string | null; readonly error: string | null };
  readonly runners: {
    readonly ok: boolean;
    readonly slots: number;
    readonly busy: number;
    readonly list: readonly {
      readonly name: string;
      readonly slots: number;
      readonly busy: number;
      readonly at: string;
    }[];
  };
  readonly queue: {
    readonly waiting: number;
    readonly active: number;
    readonly delayed: number;
    readonly completed: number;
    readonly failed: number;
    readonly paused: boolean;
  };
  readonly holds: readonly {
    readonly name: string;
    readonly reason: string;
    readonly by: string;
    readonly since: string;
    /** null: until somebody takes it away. */
    readonly until: string | null;
  }[];
  /** The last five, oldest first. */
  readonly events: readonly LoggedEvent[];
}

const SHOWN_EVENTS = 5;

/** `redis` is borrowed. */
export async function readSnapshot(redis: Redis): Promise<Snapshot> {
  return withQueue(redis, async (queue) => {
    const [scheduler, runners, counts, paused, holds, events] = await Promise.all([
      readScheduler(redis),
      readRunners(redis),
      queue.getJobCounts(),
      queue.isPaused(),
      readHolds(redis),
      readEvents(redis, { count: SHOWN_EVENTS }),
    ]);
    return { scheduler, runners, counts, paused, holds, events };
  });
}

/** Pure: what the snapshot means. Runners that are gone and holds that have ended are left out. */
export function judge(snapshot: Snapshot, given: { redis: string; now: number; pollSeconds: number }): Health {
  const { redis, now, pollSeconds } = given;
  const { scheduler, counts } = snapshot;
  const lastPollAt = scheduler?.lastPollAt ?? null;
  const polled = scheduler !== null && keepsPolling(scheduler, { now, pollSeconds });
  const present = snapshot.runners.filter(({ at }) => now - at <= RUNNER_GONE_MS);
  const count = (...states: string[]) => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  return {
    ok: polled && present.length > 0,
    redis,
    scheduler: { ok: polled, lastPollAt: iso(lastPollAt), error: scheduler?.error ?? null },
    runners: {
      ok: present.length > 0,
      slots: present.reduce((sum, { slots }) => sum + slots, 0),
      busy: present.reduce((sum, { busy }) => sum + busy, 0),
      list: present
        .toSorted((a, b) => a.name.localeCompare(b.name))
        .map(({ name, slots, busy, at }) => ({ name, slots, busy, at: new Date(at).toISOString() })),
    },
    queue: {
      waiting: count("waiting", "prioritized"),
      active: count("active"),
      delayed: count("delayed"),
      completed: count("completed"),
      failed: count("failed"),
      paused: snapshot.paused,
    },
    holds: snapshot.holds
      .filter(({ until }) => until === null || until > now)
      .map(({ name, reason, by, since, until }) => ({
        name,
        reason,
        by,
        since: new Date(since).toISOString(),
        until: iso(until),
      })),
    events: snapshot.events,
  };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
