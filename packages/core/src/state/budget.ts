import type { Redis } from "ioredis";
import { z } from "zod";
import type { Budget, BudgetLimits } from "../domain/budget.ts";
import { dayOf, midnightsOf } from "../domain/days.ts";
import { BUDGET_KEY } from "./keys.ts";

const publishedSchema = z.object({
  day: z.string().regex(/^\d{4}-\d\d-\d\d$/),
  start: z.number(),
  until: z.number(),
  maxUsd: z.number(),
  maxRuns: z.number(),
});

/** Fields of the budget's hash. */
const PUBLISHED = "published";
const LIFTED = "lifted";

/** Return today's budget, by this process's clock and time zone. */
export function budgetOfDay(limits: BudgetLimits, now: number): Omit<Budget, "lifted"> {
  return { ...limits, day: dayOf(now), ...midnightsOf(now) };
}

/** Publish the scheduler's budget for all runners, so that there is one limit and one time zone. Written only if it has changed. */
export async function publishBudget(redis: Redis, budget: Omit<Budget, "lifted">): Promise<void> {
  const { day, start, until, maxUsd, maxRuns } = budget;
  const text = JSON.stringify({ day, start, until, maxUsd, maxRuns });
  if ((await redis.hget(BUDGET_KEY, PUBLISHED)) !== text) await redis.hset(BUDGET_KEY, PUBLISHED, text);
}

/** Return the budget that applies now: the scheduler's, or the `own` limits if no scheduler has published one. */
export async function readBudget(redis: Redis, own: BudgetLimits, now: number): Promise<Budget> {
  const [text, lifted] = await redis.hmget(BUDGET_KEY, PUBLISHED, LIFTED);
  const found = parse(text ?? null);
  // A scheduler that was offline over midnight has not published the new day yet.
  const { maxUsd, maxRuns } = found ?? own;
  const today =
    found !== null && now >= found.start && now < found.until ? found : budgetOfDay({ maxUsd, maxRuns }, now);
  return { ...today, lifted: lifted === today.day };
}

/** Lift the limits for the rest of the published day. */
export async function liftBudget(redis: Redis, now: number): Promise<void> {
  const { day } = await readBudget(redis, { maxUsd: 0, maxRuns: 0 }, now);
  await redis.hset(BUDGET_KEY, LIFTED, day);
}

function parse(text: string | null): z.infer<typeof publishedSchema> | null {
  try {
    return publishedSchema.safeParse(JSON.parse(text ?? "")).data ?? null;
  } catch {
    return null; // Missing, or of another version.
  }
}
