import { healthGiven, evaluateHealth } from "@tac8/core/health/evaluate";
import { readSnapshot } from "@tac8/core/status/snapshot";
import { callerOf } from "../access/caller.ts";
import type { Board, Page } from "../services/board.ts";
import { readInTime, RedisUnreachable } from "../redis/unreachable.ts";
import { healthAnswer, REDIS_UNREACHABLE, type HealthAnswer } from "./answer.ts";

/**
 * `/healthz`: 503 if the level is `critical`, else 200. The JSON has the reasons for clients with a session or the password. Other
 * clients, such as a health check, get only the level, because the reasons contain names.
 */
export const healthPage: Page = async (board, _request, response) => {
  const answer = await answerOf(board);
  const { ok, level } = answer;
  response.status(ok ? 200 : 503).json(callerOf(response) === null ? { ok, level } : answer);
};

/** Return the response in bounded time, also while Redis is unreachable. */
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
