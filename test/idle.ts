import { readRunners } from "@tac8/core/state/presence";
import { poll, type World } from "./world.ts";

/** Wait until a runner announces that it is idle: a new issue then starts at once, without a queued comment. */
export function runnerIsIdle({ redis, queue }: World): Promise<void> {
  return poll(120_000, async () => {
    // The record has the end of an issue a moment before its job ends.
    if ((await queue.getActiveCount()) > 0) return "a job is active";
    const runners = await readRunners(redis);
    return runners.some(({ busy }) => busy === 0) ? null : "no runner is idle";
  });
}
