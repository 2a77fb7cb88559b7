import { healthGiven, evaluateHealth } from "@tac8/core/health/evaluate";
import { readSnapshot } from "@tac8/core/status/snapshot";
import type { Page } from "../services/board.ts";
import { readInTime } from "../redis/unreachable.ts";
import { CONTENT_TYPE, renderMetrics } from "./render.ts";

/** `/metrics`, for Prometheus. @throws RedisUnreachable */
export const metricsPage: Page = async ({ redis, queue, probe, config, now, vitals }, _request, response) => {
  const at = now();
  const snapshot = await readInTime(probe, () => readSnapshot({ redis, queue, now: at, events: 1 }));
  const health = evaluateHealth(snapshot, healthGiven(config, at));
  response.type(CONTENT_TYPE).send(renderMetrics({ snapshot, health, board: vitals.read() }));
};
