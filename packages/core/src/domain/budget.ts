import { formatCents } from "./formats.ts";
import type { Hold } from "./holds.ts";

/** The hold of a day whose budget is used up. */
export const BUDGET_HOLD = "budget";

/** What agents may use in one day, over all runners. 0: no limit. */
export interface BudgetLimits {
  /** US dollars, as agents report them. */
  readonly maxUsd: number;
  /** Agent runs that begin. */
  readonly maxRuns: number;
}

/** The budget of one day, from midnight to midnight at the scheduler's place. */
export interface Budget extends BudgetLimits {
  /** As the ledger names it: `2026-11-25`. */
  readonly day: string;
  /** Epoch ms of its two midnights. */
  readonly start: number;
  readonly until: number;
  /** Whether a user has lifted the limits for the rest of the day. */
  readonly lifted: boolean;
}

export interface Spent {
  readonly usd: number;
  readonly runs: number;
}

/** Why no further agent may begin on this day; null: one may. Pure. */
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
  /** A higher limit, none any more, or an operator's wish. */
  | { readonly do: "clear" }
  | { readonly do: "nothing" };

/** Pure: what becomes of the hold, seen every few seconds. */
export function planBudget(budget: Budget, spent: Spent, hold: Pick<Hold, "until"> | null): BudgetPlan {
  const reason = whySpent(budget, spent);
  if (reason === null) return { do: hold === null ? "nothing" : "clear" };
  return hold !== null && hold.until === budget.until ? { do: "nothing" } : { do: "set", reason };
}
