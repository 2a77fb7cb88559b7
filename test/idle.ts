import { readRunners } from "@tac8/core/state/presence";
import { poll, type World } from "./world.ts";

/** Wait until a runner has said that it has nothing to do: then a new issue starts at once, and is not said to be queued. */
export function runnerIsIdle({ redis }: World): Promise<void> {
  return poll(_000, async () => {
    const runners = await readRunners(redis);
    return runners.some(({ busy }) => busy === 0) ? null : "no runner is idle";
  });
}
