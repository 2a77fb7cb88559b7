import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { HEALTH_HOLD, healthGiven, evaluateHealth } from "@tac8/core/health/evaluate";
import { isAtLeast, type Reason } from "@tac8/core/domain/healthLevels";
import { planEvaluation } from "./planEvaluation.ts";
import { publishEvaluation, readEvaluation } from "@tac8/core/state/healthEvaluation";
import type { Logger } from "@tac8/core/log/logger";
import { readSnapshot } from "@tac8/core/status/snapshot";
import { appendEvent } from "@tac8/core/state/events";
import { clearHold, setHold } from "@tac8/core/state/holds";
import { EVENT_SOURCE } from "./eventSource.ts";

/** All borrowed. */
export interface HealthServices {
  readonly config: Pick<Config, "coordinator" | "host">;
  readonly redis: Redis;
  readonly queue: Queue;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Return a function that evaluates the health of tac8, publishes the evaluation, and sets the hold `health` while new runs would
 * do harm. Runners read the evaluation: it makes them start less work and free disk space.
 */
export function createHealth({ config, redis, queue, log, now }: HealthServices): () => Promise<void> {
  const startedAt = now();

  return async function check(): Promise<void> {
    const at = now();
    const [snapshot, before] = await Promise.all([
      readSnapshot({ redis, queue, now: at, events: 1 }),
      readEvaluation(redis),
    ]);
    // Before its first poll has finished, the scheduler would report itself as missing.
    if (snapshot.scheduler === null || snapshot.scheduler.at < startedAt) return;
    const health = evaluateHealth(snapshot, healthGiven(config, at));
    const held = snapshot.holds.some(({ name }) => name === HEALTH_HOLD);
    const { evaluation, hold, news } = planEvaluation({ health, before, held, now: at });
    // Before the evaluation is published, so that a scheduler that dies in between repeats this.
    if (hold === "set") {
      const reason = reasonOf(health.reasons);
      await setHold(redis, { name: HEALTH_HOLD, reason, by: EVENT_SOURCE, since: at, until: null });
    }
    if (hold === "clear") await clearHold(redis, HEALTH_HOLD, EVENT_SOURCE, "its cause is over");
    if (news !== null) {
      const codes = health.reasons
        .map(({ code }) => code)
        .join(" ")
        .slice(0, MAX_CODES);
      const evidence = { name: "health", level: health.level, codes } as const;
      await appendEvent(redis, {
        event: "health:changed",
        issue: "",
        from: "",
        by: EVENT_SOURCE,
        reason: news,
        evidence,
      });
      log[isAtLeast(health.level, "degraded") ? "warn" : "info"](news);
    }
    await publishEvaluation(redis, evaluation, before);
  };
}

const MAX_CODES = 500;

function reasonOf(reasons: readonly Reason[]): string {
  return reasons
    .filter(({ action }) => action === "hold")
    .map(({ text }) => text)
    .join("; ");
}
