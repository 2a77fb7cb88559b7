import { addModelUsage, modelUsageBy, NO_MODEL_USAGE, totalTokens, type ModelUsage } from "@tac8/core/domain/usage";
import type { EgressUsage } from "../egress/open.ts";
import { undated } from "../egress/usage.ts";
import type { AgentEnd, AgentSummary } from "./types.ts";

/** Tokens and cost in US dollars of one run of an agent, in total and by model. */
export type RunUsage = Pick<AgentSummary, "usage" | "costUsd" | "models">;

/**
 * Return the usage of a run: in each figure at least the count of its proxy, and at least the report of its agent.
 * Pure. Models are matched by their names without dates. Names that are on one side only may mean the same models, as
 * with a gateway that uses its own names, so these are compared by their sums.
 * @param counted null if nothing was counted
 */
export function usageOf(reported: RunUsage, counted: EgressUsage | null): RunUsage {
  const models = { ...reported.models };
  const names = Map.groupBy(Object.keys(models), nameOf);
  const unnamed: [name: string, figures: ModelUsage][] = [];
  const seen = new Set<string>();
  for (const [name, figures] of Object.entries(byName(counted))) {
    const [first, ...others] = names.get(name) ?? [];
    if (first === undefined) {
      unnamed.push([name, figures]);
      continue;
    }
    seen.add(name);
    const before = sumOf([first, ...others].map((each) => models[each] ?? NO_MODEL_USAGE));
    models[first] = addModelUsage(models[first] ?? NO_MODEL_USAGE, missing(figures, before));
  }
  const onlyReported = Object.entries(reported.models).filter(([name]) => !seen.has(nameOf(name)));
  let covered = sumOf(onlyReported.map(([, figures]) => figures));
  for (const [name, figures] of unnamed) {
    const more = missing(figures, covered);
    covered = missing(covered, figures);
    if (Object.values(more).some((figure) => figure > 0)) models[name] = more;
  }
  const { costUsd, ...usage } = most(sumOf(Object.values(models)), { ...reported.usage, costUsd: reported.costUsd });
  return { usage, costUsd, models };
}

/**
 * Return whether a run of Claude Code has used no tokens, by its own report and by the count of its proxy. An agent
 * that was killed may not have reported. Pure.
 */
export function usedNothing(end: Pick<AgentEnd, "result" | "worked" | "usage" | "unreadAnswers">): boolean {
  const { unreadAnswers = 0 } = end;
  return end.result !== null && !end.worked && unreadAnswers === 0 && totalTokens(end.usage) === 0;
}

/** Return a model's name without its context: the CLI names a model with a long context `claude-sonnet-4-5[1m]`. */
function nameOf(model: string): string {
  return undated(model.replace(/\[\w+\]$/, ""));
}

function byName(counted: EgressUsage | null): Record<string, ModelUsage> {
  const found: Record<string, ModelUsage> = Object.create(null) as Record<string, ModelUsage>;
  for (const [model, figures] of Object.entries(counted?.models ?? {})) {
    const name = nameOf(model);
    found[name] = addModelUsage(found[name] ?? NO_MODEL_USAGE, figures);
  }
  return found;
}

function sumOf(all: readonly ModelUsage[]): ModelUsage {
  return all.reduce(addModelUsage, NO_MODEL_USAGE);
}

function most(a: ModelUsage, b: ModelUsage): ModelUsage {
  return modelUsageBy((field) => Math.max(a[field], b[field]));
}

function missing(wanted: ModelUsage, there: ModelUsage): ModelUsage {
  return modelUsageBy((field) => Math.max(0, wanted[field] - there[field]));
}
