import { POLICY } from "@tac8/core/domain/failures";
import type { RunEnd } from "@tac8/core/ledger/ends";

/** Parkings for an outage before an issue can be found to be the cause itself. */
const MIN_PARKED = 3;

export interface OutageFacts {
  /** Parkings of this issue in a row, all for outages of the model. */
  readonly parked: number;
  /** How the newest runs of all issues ended, oldest first. */
  readonly ends: readonly RunEnd[];
  /** Multiplies the waits. */
  readonly factor: number;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Return whether the model fails for this issue alone: while it waited for the last time, a run of another issue went well.
 * A request that always times out (a session that is too long, say) would otherwise hold the queue again and again. Pure.
 */
export function isOwnOutage({ parked, ends, factor, now }: OutageFacts): boolean {
  if (parked < MIN_PARKED) return false;
  const waited = waitOf(parked - 1) * factor;
  return ends.some(({ well, at }) => well && at > now - waited);
}

/** One that waits for an outage again lets others go first: they show whether the model answers them. */
export function extraWait(parked: number, factor: number): number {
  return (waitOf(parked) / 2) * factor;
}

function waitOf(parked: number): number {
  const { minutes } = POLICY.model;
  return (minutes[Math.max(0, parked)] ?? minutes.at(-1) ?? 0) * 60_000;
}
