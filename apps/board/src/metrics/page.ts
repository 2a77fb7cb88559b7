import { healthGiven, judgeHealth } from "@tac8/core/health/judge";
import { readSnapshot } from "@tac8/core/look/snapshot";
import type { Page } from "../services/board.ts";
import { readInTime } from "../redis/away.ts";
import { CONTENT_TYPE, renderMetrics } from "./render.ts";

/** `/metrics`, for Prometheus. @throws RedisAway */
export const metricsPage: Page = async ({ redis, queue, probe, config, now, vitals }, _request, response) => {
  const at = now();
  const look = await readInTime(probe, () => readSnapshot({ redis, queue, now: at, events: 1 }));
  const health = judgeHealth(look, healthGiven(config, at));
  response.type(CONTENT_TYPE).send(renderMetrics({ look, health, board: vitals.look() }));
};
