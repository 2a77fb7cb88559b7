import { POLICY } from "@tac8/core/domain/failures";
import type { RunEnd } from "@tac8/core/ledger/ends";

/** An issue must be parked this many times for outages before it can count as the cause. */
const MIN_PARKED = 3;

export interface OutageFacts {
  /** How many times in a row this issue was parked, always for an outage of the model. */
  readonly parked: number;
  /** Ends of the newest runs of all issues, oldest first. */
  readonly ends: readonly RunEnd[];
  /** Factor of all waits. */
  readonly backoffFactor: number;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Return whether the model fails only for this issue: while the issue waited for the last time, a run of another issue succeeded.
 * A request that always times out, for example because its session is too long, would otherwise hold the queue forever. Pure.
 */
export function isOutageOfOneIssue({ parked, ends, backoffFactor, now }: OutageFacts): boolean {
  if (parked < MIN_PARKED) return false;
  const waited = waitOf(parked - 1) * backoffFactor;
  return ends.some(({ succeeded, at }) => succeeded && at > now - waited);
}

/** Return the extra wait of an issue that is parked for an outage again. Other issues go first, and show whether the model works for them. */
export function extraWait(parked: number, backoffFactor: number): number {
  return (waitOf(parked) / 2) * backoffFactor;
}

function waitOf(parked: number): number {
  const { minutes } = POLICY.model;
  return (minutes[Math.max(0, parked)] ?? minutes.at(-1) ?? 0) * 60_000;
}
