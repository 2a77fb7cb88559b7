import type { RateLimit } from "@tac8/core/github/types";
import { moment } from "../../terminal/time.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

export const rateLimit: Check = {
  name: "Rate limit",
  limitMs: 30_000,
  async inspect({ config, github, now }, signal) {
    if (config.secrets.github === null) return [note("not checked: this needs a token")];
    // Every response has the rate limit, also a refusal.
    await github.viewer({ signal }).catch(() => undefined);
    return [evaluateRateLimit(github.rateLimit, now())];
  },
};

/** Pure. `now`: epoch ms. */
export function evaluateRateLimit(found: RateLimit | null, now: number): Finding {
  if (found === null) return unknown("GitHub did not report it");
  const { limit, remaining, resetAt } = found;
  const left = `${remaining} of ${limit} requests left until ${moment(resetAt, now)}`;
  if (remaining === 0) return problem(left, "wait until then, and check what else uses this token");
  if (remaining < limit / 10) return note(left, "check what else uses this token");
  return ok(left);
}
