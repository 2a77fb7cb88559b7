import type { Config } from "@tac8/core/config/resolve";
import type { Check } from "../check.ts";
import { note, ok, type Finding } from "../finding.ts";

export const budget: Check = {
  name: "Budget",
  limitMs: 5000,
  inspect: async ({ config, kind }) =>
    kind === "demo" ? [ok("the agents of the demo cost nothing")] : [evaluateBudget(config)],
};

/** Pure. */
export function evaluateBudget({ llm, agentEnv }: Pick<Config, "llm" | "agentEnv">): Finding {
  const { max_usd_per_day: usd, max_runs_per_day: runs } = llm;
  const limits = [...(usd > 0 ? [`$${usd}`] : []), ...(runs > 0 ? [`${runs} agent run${runs === 1 ? "" : "s"}`] : [])];
  if (limits.length > 0) return ok(`at most ${limits.join(" and ")} a day, for all runners together`);
  const paid = Boolean(agentEnv["ANTHROPIC_API_KEY"]);
  return note(
    paid ? "no limit on the cost of a day, and ANTHROPIC_API_KEY is billed by use" : "no limit on the usage of a day",
    "set llm.max_usd_per_day, or llm.max_runs_per_day for a subscription",
  );
}
