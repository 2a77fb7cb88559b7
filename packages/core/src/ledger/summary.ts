import { OUTCOMES, type Outcome } from "../domain/states.ts";
import type { Counts } from "./count.ts";

export interface Summary {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Number of distinct pull requests; `outcomes.pr` also counts later rounds on the same one. */
  readonly pullRequests: number;
  readonly costUsd: number;
  readonly tokens: number;
  readonly agents: number;
  /** Part of pull requests among the issues that ended with a pull request or failed, 0 to 1; null: there are none. */
  readonly successRate: number | null;
}

/** Return the summary of sums, for display. Pure. */
export function summarize(counts: Counts): Summary {
  const sum = (prefix: string) =>
    Object.entries(counts).reduce((total, [field, amount]) => (field.startsWith(prefix) ? total + amount : total), 0);
  const outcomes = Object.fromEntries(OUTCOMES.map((name) => [name, counts[`outcome|${name}`] ?? 0]));
  const [pr = 0, failed = 0] = [outcomes["pr"], outcomes["failed"]];
  return {
    outcomes: outcomes as Summary["outcomes"],
    pullRequests: Math.max(0, pr - (counts["updated"] ?? 0)),
    costUsd: sum("cost|") / 1e6,
    tokens: sum("tokens|"),
    agents: sum("agents|"),
    successRate: pr + failed === 0 ? null : pr / (pr + failed),
  };
}
