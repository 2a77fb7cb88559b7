import type { RateLimit } from "@tac8/core/github/types";
import { moment } from "../../terminal/time.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

export const rateLimit: Check = {
  name: "Rate limit",
  limitMs: 30_000,
  async look({ config, github, now }, signal) {
    if (config.secrets.github === null) return [note("not checked: that takes a token")];
    // Every answer says it, also one that refuses.
    await github.viewer({ signal }).catch(() => undefined);
    return [judgeRateLimit(github.rateLimit, now())];
  },
};

/** Pure. `now`: epoch ms. */
export function judgeRateLimit(found: RateLimit | null, now: number): Finding {
  if (found === null) return unknown("GitHub did not say what is left of it");
  const { limit, remaining, resetAt } = found;
  const left = `${remaining} of ${limit} calls are left until ${moment(resetAt, now)}`;
  if (remaining === 0) return problem(left, "nothing to do but wait; see what else uses this token");
  if (remaining < limit / 10) return note(left, "see what else uses this token");
  return ok(left);
}
