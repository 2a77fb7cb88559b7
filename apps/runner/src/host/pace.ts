import { isAtLeast } from "@tac8/core/domain/healthLevels";
import { VERDICT_GONE_MS, type Verdict } from "@tac8/core/state/healthVerdict";

export interface Pace {
  /** How many jobs this runner may hold. */
  readonly limit: number;
  /** Why it is less than all slots; null: it is not. */
  readonly why: string | null;
  /** Its machine's disk is short: clear up at once. */
  readonly clearUp: boolean;
}

export interface PaceFacts {
  /** What the scheduler told last. */
  readonly verdict: Verdict | null;
  readonly host: string;
  readonly slots: number;
  /** Epoch ms. */
  readonly now: number;
}

/** Pure: half of the slots while something is degraded that concerns this machine; one at least. */
export function paceOf({ verdict, host, slots, now }: PaceFacts): Pace {
  // A scheduler that is gone does not slow anybody down for ever.
  const told = verdict !== null && now - verdict.at <= VERDICT_GONE_MS ? verdict.reasons : [];
  const ours = told.filter((reason) => reason.host === null || reason.host === host);
  const slow = ours.filter(({ level, action }) => action === "slow" && isAtLeast(level, "degraded"));
  const clearUp = ours.some(({ code }) => code === `disk:${host}`);
  const [first] = slow;
  if (first === undefined) return { limit: slots, why: null, clearUp };
  return { limit: Math.max(1, Math.floor(slots / 2)), why: first.text, clearUp };
}
