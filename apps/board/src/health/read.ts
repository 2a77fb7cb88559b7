import { readRunners, readScheduler } from "@tac8/core/state/presence";
import type { Board } from "../board.ts";
import { readInTime, RedisAway } from "../redis/away.ts";
import type { HealthSnapshot } from "./judge.ts";

/** Never hangs and never throws for want of Redis: that is one of its answers. */
export async function readHealth({ redis, probe, config }: Board): Promise<HealthSnapshot> {
  const pollIntervalSeconds = config.coordinator.poll_interval_seconds;
  try {
    const [scheduler, runners] = await readInTime(probe, () => Promise.all([readScheduler(redis), readRunners(redis)]));
    return { redis: true, scheduler, runners, pollIntervalSeconds };
  } catch (error) {
    if (!(error instanceof RedisAway)) throw error;
    return { redis: false, scheduler: null, runners: [], pollIntervalSeconds };
  }
}
