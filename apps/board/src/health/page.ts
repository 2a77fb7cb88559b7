import { healthGiven, evaluateHealth } from "@tac8/core/health/evaluate";
import { readSnapshot } from "@tac8/core/status/snapshot";
import { callerOf } from "../access/caller.ts";
import type { Board, Page } from "../services/board.ts";
import { readInTime, RedisUnreachable } from "../redis/unreachable.ts";
import { healthAnswer, REDIS_UNREACHABLE, type HealthAnswer } from "./answer.ts";

/**
 * `/healthz`: 200 while it works, else 503; the JSON says what is not well, to those who are signed in or have the password. Others,
 * such as a health check or Prometheus, learn how well it is and no names.
 */
export const healthPage: Page = async (board, _request, response) => {
  const answer = await answerOf(board);
  const { ok, level } = answer;
  response.status(ok ? 200 : 503).json(callerOf(response) === null ? { ok, level } : answer);
};

/** Never hangs and never throws for want of Redis: that is one of its answers. */
async function answerOf({ redis, queue, probe, config, now }: Board): Promise<HealthAnswer> {
  try {
    const at = now();
    const snapshot = await readInTime(probe, () => readSnapshot({ redis, queue, now: at, events: 1 }));
    return healthAnswer(snapshot, evaluateHealth(snapshot, healthGiven(config, at)));
  } catch (error) {
    if (!(error instanceof RedisUnreachable)) throw error;
    return REDIS_UNREACHABLE;
  }
}
