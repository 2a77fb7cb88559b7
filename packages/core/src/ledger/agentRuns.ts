import type { Redis } from "ioredis";
import { whySpent, type Budget, type BudgetLimits, type Spent } from "../domain/budget.ts";
import type { LoggedEvent } from "../domain/events.ts";
import { readBudget } from "../state/budget.ts";
import { readEventsAfter } from "../state/events.ts";
import { dayKey } from "../state/keys.ts";
import { countEvents } from "./count.ts";
import { KEPT_DAYS, readCounted } from "./store.ts";
import { summarize } from "./summary.ts";

/** Return the usage of agents on the day, including what the ledger has not counted yet. */
export async function readSpent(
  redis: Redis,
  { day, start, until }: Pick<Budget, "day" | "start" | "until">,
): Promise<Spent> {
  const { counts, cursor } = await readCounted(redis, day);
  const usd = summarize(counts).costUsd + (await uncounted(redis, { cursor, start, until }));
  return { usd, runs: counts[BEGUN] ?? 0 };
}

const BATCH = 500;
/** Enough for the whole log, which has at most 100,000 entries. */
const MAX_BATCHES = 200;

async function uncounted(
  redis: Redis,
  { cursor, start, until }: { cursor: string; start: number; until: number },
): Promise<number> {
  const inDay = ({ at }: LoggedEvent) => Date.parse(at) >= start && Date.parse(at) < until;
  let usd = 0;
  let after = cursor;
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const events = await readEventsAfter(redis, { after, count: BATCH });
    usd += summarize(countEvents(events.filter(inDay), () => "").totals).costUsd;
    const last = events.at(-1);
    if (last === undefined || events.length < BATCH) break;
    after = last.id;
  }
  return usd;
}

/** Field of a day's hash: number of started agent runs, counted by their runners. */
const BEGUN = "begun";

/** Count one more agent run unless the limit is reached. KEYS: day. ARGV: limit (0: none), expiry in seconds. */
const BEGIN = `
local most = tonumber(ARGV[1])
if most > 0 and tonumber(redis.call('HGET', KEYS[1], '${BEGUN}') or '0') >= most then return 0 end
redis.call('HINCRBY', KEYS[1], '${BEGUN}', 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`;

export type CountResult =
  /** The agent run is counted on this day. */
  | { readonly kind: "begun"; readonly day: string }
  /** `until`: epoch ms of the midnight that ends the day. */
  | { readonly kind: "refused"; readonly reason: string; readonly until: number };

/**
 * Request one more agent run, just before it starts. If many runners request one at once, only as many start as `max_runs_per_day` allows.
 * `max_usd_per_day` counts ended runs, so only the running ones can exceed it.
 */
export async function countAgentRun(redis: Redis, own: BudgetLimits, now: number): Promise<CountResult> {
  const budget = await readBudget(redis, own, now);
  const { day, until, lifted } = budget;
  const limited = !lifted && (budget.maxUsd > 0 || budget.maxRuns > 0);
  const before = limited ? whySpent(budget, await readSpent(redis, budget)) : null;
  if (before !== null) return { kind: "refused", reason: before, until };
  const most = lifted ? 0 : budget.maxRuns;
  const begun = await redis.eval(BEGIN, 1, dayKey(day), most, KEPT_DAYS * 86_400);
  if (begun === 1) return { kind: "begun", day };
  const reason = whySpent(budget, { usd: 0, runs: most });
  return { kind: "refused", reason: reason ?? "today's budget is used up", until };
}

/** Subtract one agent run. KEYS: day. */
const RETURN = `
if tonumber(redis.call('HGET', KEYS[1], '${BEGUN}') or '0') > 0 then redis.call('HINCRBY', KEYS[1], '${BEGUN}', -1) end
return 1`;

/** Stop counting an agent run that did not reach the model, for example because its login was refused. */
export async function uncountAgentRun(redis: Redis, day: string): Promise<void> {
  await redis.eval(RETURN, 1, dayKey(day));
}
