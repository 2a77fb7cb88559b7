import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { BUDGET_HOLD, planBudget } from "@tac8/core/domain/budget";
import type { Logger } from "@tac8/core/log/logger";
import { readSpent } from "@tac8/core/ledger/agentRuns";
import { budgetOfDay, publishBudget, readBudget } from "@tac8/core/state/budget";
import { clearHold, readHolds, setHold } from "@tac8/core/state/holds";
import { EVENT_SOURCE } from "./eventSource.ts";

/** All borrowed. */
export interface BudgetServices {
  readonly config: Pick<Config, "llm">;
  readonly redis: Redis;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Return a function that publishes today's budget and maintains the hold `budget`. The hold is set when the budget is used up.
 * It ends at midnight, or when the limit is raised or removed.
 */
export function createBudget({ config, redis, log, now }: BudgetServices): () => Promise<void> {
  const limits = { maxUsd: config.llm.max_usd_per_day, maxRuns: config.llm.max_runs_per_day };

  return async function keep(): Promise<void> {
    const at = now();
    await publishBudget(redis, budgetOfDay(limits, at));
    const budget = await readBudget(redis, limits, at);
    const limited = budget.maxUsd > 0 || budget.maxRuns > 0;
    const hold = (await readHolds(redis)).find(({ name }) => name === BUDGET_HOLD) ?? null;
    if (!limited && hold === null) return;
    const plan = planBudget(budget, await readSpent(redis, budget), hold);
    switch (plan.do) {
      case "nothing":
        break;
      case "set": {
        const { reason } = plan;
        const began = await setHold(redis, {
          name: BUDGET_HOLD,
          reason,
          by: EVENT_SOURCE,
          since: at,
          until: budget.until,
        });
        if (began) log.warn({ until: new Date(budget.until).toISOString() }, `the queue is held: ${reason}`);
        break;
      }
      case "clear":
        await clearHold(redis, BUDGET_HOLD, EVENT_SOURCE, "the budget allows new runs again");
        break;
      default:
        return plan satisfies never;
    }
  };
}
