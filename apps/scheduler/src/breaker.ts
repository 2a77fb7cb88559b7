import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import {
  holdOf,
  parseBreaker,
  planBreaker,
  probeLimit,
  stillActiveOlder,
  type BreakerState,
} from "@tac8/core/domain/breaker";
import type { Logger } from "@tac8/core/log/logger";
import { appendEvent, readEvents } from "@tac8/core/state/events";
import { clearHold, readHolds, setHold } from "@tac8/core/state/holds";
import { BREAKER_KEY } from "@tac8/core/state/keys";
import { readRunners } from "@tac8/core/state/presence";
import { EVENT_SOURCE } from "./eventSource.ts";

/** All borrowed. */
export interface BreakerServices {
  readonly redis: Redis;
  readonly queue: Pick<Queue, "getGlobalConcurrency" | "setGlobalConcurrency" | "removeGlobalConcurrency" | "toKey">;
  readonly log: Logger;
  readonly now: () => number;
  /** Config `breaker_failures`. */
  readonly failures: number;
  /** Config `backoff_factor`. */
  readonly factor: number;
}

/** Number of newest events that are read. Most events are not ends of runs. */
const WINDOW = 1000;
/** Kinds of output that show that the model answers. Text does not: a refused or failed request is also reported as text. */
const TOOLS: readonly (string | undefined)[] = ["tool", "tool-result", "todo"];

/**
 * Return a function that checks the breaker once, and trips it, probes or closes it. Call it before `reconcileHolds`: when the
 * breaker's hold expires, the limit of the probe must be set before the queue resumes. The order of the writes makes a crash
 * between them harmless.
 */
export function createBreaker(services: BreakerServices): () => Promise<void> {
  const { redis, queue, log, now, failures, factor } = services;
  let seen: string | null = null;

  async function enter(state: BreakerState): Promise<void> {
    await redis.set(BREAKER_KEY, JSON.stringify(state));
  }

  async function runsThatUseTools(): Promise<string[]> {
    const runs = (await readRunners(redis)).flatMap((runner) => runner.runs ?? []);
    return runs.filter(({ last }) => TOOLS.includes(last?.kind)).map(({ run }) => run);
  }

  return async function check(): Promise<void> {
    const state = parseBreaker(await redis.get(BREAKER_KEY));
    const newest = (await readEvents(redis, { count: 1 }))[0]?.id ?? "";
    const hold = state.phase === "closed" ? null : holdOf(state);
    const answered = state.phase === "probing" && hold === "model" ? await runsThatUseTools() : [];
    const active = state.phase === "closed" ? [] : await redis.lrange(queue.toKey("active"), 0, -1);
    const olderEnded = state.phase === "probing" && stillActiveOlder(state, active).length < state.older.length;
    if (newest === seen && state.phase !== "open" && answered.length === 0 && !olderEnded) return;
    const events = await readEvents(redis, { count: state.phase === "open" ? 1 : WINDOW });
    const held = (await readHolds(redis)).some(({ name, until }) => name === hold && (until === null || until > now()));
    const plan = planBreaker({ state, events, held, answered, active, failures, factor, now: now() });
    switch (plan.do) {
      case "nothing":
        break;
      case "trip": {
        const { reason, until } = plan;
        // When the breaker closes, it restores the limit that the operator had set for the queue. While it probes, the limit is its own.
        const own = state.phase === "closed" ? await queue.getGlobalConcurrency() : state.concurrency;
        await enter({ ...plan.state, concurrency: own });
        await setHold(redis, { name: holdOf(plan.state), reason, by: EVENT_SOURCE, since: now(), until });
        log.warn({ until: new Date(until).toISOString() }, `the breaker has tripped: ${reason}`);
        break;
      }
      case "probe":
        await queue.setGlobalConcurrency(probeLimit(plan.state));
        await enter(plan.state);
        if (state.phase === "open") log.info("the breaker runs one job at a time as a probe");
        break;
      case "close": {
        const before = state.phase === "closed" ? null : state.concurrency;
        await (before === null ? queue.removeGlobalConcurrency() : queue.setGlobalConcurrency(before));
        await enter(plan.state);
        const name = hold ?? "breaker";
        await clearHold(redis, name, EVENT_SOURCE, plan.reason);
        const reason = `the breaker has closed: ${plan.reason}`;
        await appendEvent(redis, {
          event: "breaker:closed",
          issue: "",
          from: "",
          by: EVENT_SOURCE,
          reason,
          evidence: { name },
        });
        log.info(reason);
        break;
      }
      default:
        return plan satisfies never;
    }
    seen = newest;
  };
}
