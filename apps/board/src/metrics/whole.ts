import { LEVELS } from "@tac8/core/domain/healthLevels";
import { MAX_VALUES, type Metric } from "./metric.ts";

const gauge = { type: "gauge" } as const;

/** Metrics of the health and of Redis. */
export const WHOLE: readonly Metric[] = [
  {
    ...gauge,
    name: "tac8_health_level",
    help: "Health: 0 ok, 1 warning, 2 degraded, 3 critical.",
    labels: [],
    samples: ({ health }) => [{ value: LEVELS.indexOf(health.level) }],
  },
  {
    ...gauge,
    name: "tac8_health_reason",
    help: "1 for each current reason of health.",
    labels: ["code", "level"],
    samples: ({ health }) =>
      health.reasons.slice(0, MAX_VALUES).map(({ code, level }) => ({ labels: { code, level }, value: 1 })),
  },
  {
    ...gauge,
    name: "tac8_redis_memory_used_bytes",
    help: "Memory used by Redis.",
    labels: [],
    samples: ({ snapshot }) => [{ value: snapshot.memory.used }],
  },
  {
    ...gauge,
    name: "tac8_redis_memory_max_bytes",
    help: "Memory limit of Redis. 0: no limit.",
    labels: [],
    samples: ({ snapshot }) => [{ value: snapshot.memory.max }],
  },
];
