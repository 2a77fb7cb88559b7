import { formatCents } from "./formats.ts";
import type { Hold } from "./holds.ts";

/** Name of the hold when the day's budget is used up. */
export const BUDGET_HOLD = "budget";

/** Limits on the agents of all runners in one day. 0: no limit. */
export interface BudgetLimits {
  /** Cost in US dollars, as agents report it. */
  readonly maxUsd: number;
  /** Number of agent runs that start. */
  readonly maxRuns: number;
}

/** The budget of one day, from midnight to midnight in the scheduler's time zone. */
export interface Budget extends BudgetLimits {
  /** The day, in the ledger's form: `2026-11-25`. */
  readonly day: string;
  /** Epoch ms of the midnights at its start and end. */
  readonly start: number;
  readonly until: number;
  /** Whether a user has lifted the limits for the rest of the day. */
  readonly lifted: boolean;
}

export interface Spent {
  readonly usd: number;
  readonly runs: number;
}

/** Return why no further agent may start on this day; null: one may. Pure. */
export function whySpent(
  { maxUsd, maxRuns, lifted }: Omit<Budget, "day" | "start" | "until">,
  spent: Spent,
): string | null {
  if (lifted) return null;
  if (maxUsd > 0 && spent.usd >= maxUsd) {
    return `today's budget is used up: ${formatCents(spent.usd)} of ${formatCents(maxUsd)} (llm.max_usd_per_day)`;
  }
  if (maxRuns > 0 && spent.runs >= maxRuns) {
    return `today's budget is used up: ${spent.runs} of ${maxRuns} agent runs (llm.max_runs_per_day)`;
  }
  return null;
}

export type BudgetPlan =
  | { readonly do: "set"; readonly reason: string }
  /** End the hold: the limit was raised, removed, or lifted by an operator. */
  | { readonly do: "clear" }
  | { readonly do: "nothing" };

/** Plan the hold of the budget. It is called every few seconds. Pure. */
export function planBudget(budget: Budget, spent: Spent, hold: Pick<Hold, "until"> | null): BudgetPlan {
  const reason = whySpent(budget, spent);
  if (reason === null) return { do: hold === null ? "nothing" : "clear" };
  return hold !== null && hold.until === budget.until ? { do: "nothing" } : { do: "set", reason };
}
