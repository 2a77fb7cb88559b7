import type { Snapshot } from "../look/snapshot.ts";
import { keepsPolling } from "../state/presence.ts";

/** From well to ill; the whole is as ill as its worst part. */
export const LEVELS = ["ok", "warning", "degraded", "critical"] as const;
export type Level = (typeof LEVELS)[number];

export interface Reason {
  readonly level: Exclude<Level, "ok">;
  /** What is wrong, stable over versions: for scripts and for telling once per cause. */
  readonly code: string;
  /** One line for people: what, where, what to do. */
  readonly text: string;
}

export interface Health {
  readonly level: Level;
  /** The worst first; empty when all is well. */
  readonly reasons: readonly Reason[];
}

export interface HealthGiven {
  /** Epoch ms. */
  readonly now: number;
  readonly pollSeconds: number;
}

/** Pure. */
export function judgeHealth(snapshot: Snapshot, given: HealthGiven): Health {
  const reasons = [...judgeScheduler(snapshot, given), ...judgeRunners(snapshot)];
  const worstFirst = reasons.toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
  return { level: worstFirst[0]?.level ?? "ok", reasons: worstFirst };
}

function judgeScheduler({ scheduler }: Snapshot, { now, pollSeconds }: HealthGiven): Reason[] {
  const trouble = (text: string): Reason[] => [{ level: "degraded", code: "scheduler", text }];
  if (scheduler === null) return trouble("no scheduler has been heard of: start it");
  if (keepsPolling(scheduler, { now, pollSeconds })) return [];
  return trouble(scheduler.error ?? "the scheduler has not reached GitHub for too long");
}

function judgeRunners({ runners }: Snapshot): Reason[] {
  if (runners.length === 0) {
    return [{ level: "degraded", code: "no-runner", text: "no runner is there: nothing is worked on; start one" }];
  }
  return runners.flatMap(({ name, tired }): Reason[] =>
    typeof tired === "string"
      ? [{ level: "warning", code: `tired:${name}`, text: `${name} takes nothing new: ${tired}` }]
      : [],
  );
}
