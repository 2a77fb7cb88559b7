import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { HEALTH_HOLD, healthGiven, judgeHealth } from "@tac8/core/health/judge";
import { isAtLeast, type Reason } from "@tac8/core/domain/healthLevels";
import { planVerdict } from "./planVerdict.ts";
import { publishVerdict, readVerdict } from "@tac8/core/state/healthVerdict";
import type { Logger } from "@tac8/core/log/logger";
import { readSnapshot } from "@tac8/core/look/snapshot";
import { appendEvent } from "@tac8/core/state/events";
import { clearHold, setHold } from "@tac8/core/state/holds";

/** All borrowed. */
export interface HealthServices {
  readonly config: Pick<Config, "coordinator" | "host">;
  readonly redis: Redis;
  readonly queue: Queue;
  readonly log: Logger;
  readonly now: () => number;
}

const BY = "scheduler";

/**
 * Makes a function that judges all of tac8, tells it, and holds the queue while going on would do harm. What makes runners
 * slow down and clear up is what it tells.
 */
export function createHealth({ config, redis, queue, log, now }: HealthServices): () => Promise<void> {
  const startedAt = now();

  return async function look(): Promise<void> {
    const at = now();
    const [snapshot, before] = await Promise.all([
      readSnapshot({ redis, queue, now: at, events: 1 }),
      readVerdict(redis),
    ]);
    // Until its own first poll has ended it would call itself missing.
    if (snapshot.scheduler === null || snapshot.scheduler.at < startedAt) return;
    const health = judgeHealth(snapshot, healthGiven(config, at));
    const held = snapshot.holds.some(({ name }) => name === HEALTH_HOLD);
    const { verdict, hold, news } = planVerdict({ health, before, held, now: at });
    // Before it is told: whoever dies in between does it again.
    if (hold === "set") {
      const reason = reasonOf(health.reasons);
      await setHold(redis, { name: HEALTH_HOLD, reason, by: BY, since: at, until: null });
    }
    if (hold === "clear") await clearHold(redis, HEALTH_HOLD, BY, "its cause is over");
    if (news !== null) {
      const codes = health.reasons
        .map(({ code }) => code)
        .join(" ")
        .slice(0, MAX_CODES);
      const evidence = { name: "health", level: health.level, codes } as const;
      await appendEvent(redis, { event: "health:changed", issue: "", from: "", by: BY, reason: news, evidence });
      log[isAtLeast(health.level, "degraded") ? "warn" : "info"](news);
    }
    await publishVerdict(redis, verdict, before);
  };
}

const MAX_CODES = 500;

function reasonOf(reasons: readonly Reason[]): string {
  return reasons
    .filter(({ action }) => action === "hold")
    .map(({ text }) => text)
    .join("; ");
}
