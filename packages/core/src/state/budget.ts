import type { Redis } from "ioredis";
import { z } from "zod";
import { whySpent, type Budget, type BudgetLimits, type Spent } from "../domain/budget.ts";
import { countEvents } from "../ledger/count.ts";
import { dayOf, midnightsOf } from "../ledger/days.ts";
import { KEPT_DAYS, readCounted } from "../ledger/store.ts";
import { summarize } from "../ledger/summary.ts";
import type { LoggedEvent } from "../domain/events.ts";
import { readEventsAfter } from "./events.ts";
import { BUDGET_KEY, dayKey } from "./keys.ts";

const publishedSchema = z.object({
  day: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  start: z.number(),
  until: z.number(),
  maxUsd: z.number(),
  maxRuns: z.number(),
});

/** Fields of the hash. */
const PUBLISHED = "published";
const LIFTED = "lifted";

/** Today's budget by this process's clock and time zone. */
export function budgetOfDay(limits: BudgetLimits, now: number): Omit<Budget, "lifted"> {
  return { ...limits, day: dayOf(now), ...midnightsOf(now) };
}

/** Makes the scheduler's budget that of every runner: one limit, one time zone. Written only when it has changed. */
export async function publishBudget(redis: Redis, budget: Omit<Budget, "lifted">): Promise<void> {
  const { day, start, until, maxUsd, maxRuns } = budget;
  const text = JSON.stringify({ day, start, until, maxUsd, maxRuns });
  if ((await redis.hget(BUDGET_KEY, PUBLISHED)) !== text) await redis.hset(BUDGET_KEY, PUBLISHED, text);
}

/** The budget that counts now: the scheduler's, or `own` limits where no scheduler has published any. */
export async function readBudget(redis: Redis, own: BudgetLimits, now: number): Promise<Budget> {
  const [text, lifted] = await redis.hmget(BUDGET_KEY, PUBLISHED, LIFTED);
  const found = parse(text ?? null);
  // A scheduler that was away over midnight has not published the new day yet.
  const { maxUsd, maxRuns } = found ?? own;
  const today =
    found !== null && now >= found.start && now < found.until ? found : budgetOfDay({ maxUsd, maxRuns }, now);
  return { ...today, lifted: lifted === today.day };
}

/** For the rest of the published day agents begin without a limit. */
export async function liftBudget(redis: Redis, now: number): Promise<void> {
  const { day } = await readBudget(redis, { maxUsd: 0, maxRuns: 0 }, now);
  await redis.hset(BUDGET_KEY, LIFTED, day);
}

/** All that agents have used on the day, what the ledger has not counted yet included. */
export async function readSpent(
  redis: Redis,
  { day, start, until }: Pick<Budget, "day" | "start" | "until">,
): Promise<Spent> {
  const { counts, cursor } = await readCounted(redis, day);
  const usd = summarize(counts).costUsd + (await uncounted(redis, { cursor, start, until }));
  return { usd, runs: counts[BEGUN] ?? 0 };
}

const BATCH = 500;
/** The log has no more than 100,000 entries. */
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

/** Field of a day's hash: agent runs that have begun, counted by their runners. */
const BEGUN = "begun";

/** Counts one more beginning unless that is one too many. KEYS: day. ARGV: most (0: any number), expiry in seconds. */
const BEGIN = `
local most = tonumber(ARGV[1])
if most > 0 and tonumber(redis.call('HGET', KEYS[1], '${BEGUN}') or '0') >= most then return 0 end
redis.call('HINCRBY', KEYS[1], '${BEGUN}', 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1`;

export type Beginning =
  /** It counts on this day. */
  | { readonly kind: "begun"; readonly day: string }
  /** `until`: epoch ms of the midnight that ends the day. */
  | { readonly kind: "refused"; readonly reason: string; readonly until: number };

/**
 * Asks for one more agent run, right before it begins. Of many runners that ask at once, no more get it than
 * `max_runs_per_day` allows; `max_usd_per_day` counts what has ended, so it can be exceeded only by what runs already.
 */
export async function beginAgent(redis: Redis, own: BudgetLimits, now: number): Promise<Beginning> {
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

/** KEYS: day. */
const RETURN = `
if tonumber(redis.call('HGET', KEYS[1], '${BEGUN}') or '0') > 0 then redis.call('HINCRBY', KEYS[1], '${BEGUN}', -1) end
return 1`;

/** Takes a beginning back whose agent did not get as far as the model, such as one whose login was refused. */
export async function returnAgent(redis: Redis, day: string): Promise<void> {
  await redis.eval(RETURN, 1, dayKey(day));
}

function parse(text: string | null): z.infer<typeof publishedSchema> | null {
  try {
    return publishedSchema.safeParse(JSON.parse(text ?? "")).data ?? null;
  } catch {
    return null; // Missing, or of another version.
  }
}
