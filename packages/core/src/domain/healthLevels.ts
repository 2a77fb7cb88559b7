import type { ReasonCode } from "./healthKinds.ts";

/**
 * Levels of health, from best to worst. The overall level is that of the worst reason.
 *
 *   warning    tac8 works; an operator should check it, such as one runner that accepts no jobs while others continue
 *   degraded   work continues with problems: runners may slow down or clean up, or none of them accepts new jobs
 *   critical   no work is done, or to continue would cause damage: the queue may be paused
 */
export const LEVELS = ["ok", "warning", "degraded", "critical"] as const;
export type Level = (typeof LEVELS)[number];

export interface Reason {
  readonly level: Exclude<Level, "ok">;
  /** A `ReasonCode`, possibly of another version. */
  readonly code: string;
  /** One line for display: what, where, what to do. */
  readonly text: string;
  /** Reaction of tac8: runners slow down, or the queue is paused. */
  readonly action: "slow" | "hold" | null;
  /** The machine that it concerns, and whose runners react; null: all machines. */
  readonly host: string | null;
}

/** A reason that this version has found. An evaluation of another version may have kinds that this version does not know. */
export interface FoundReason extends Reason {
  readonly code: ReasonCode;
}

export interface Health {
  readonly level: Level;
  /** The worst first; empty: no problem. */
  readonly reasons: readonly Reason[];
}

/** Maximum number of reasons, so that the list stays readable. */
const MAX_REASONS = 50;
/** Maximum length of a text, which may contain external parts, such as GitHub's message. */
const MAX_TEXT = 500;

export function healthOf(reasons: readonly Reason[]): Health {
  const worstFirst = reasons.toSorted((a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level));
  const shown = worstFirst.slice(0, MAX_REASONS).map(({ text, ...reason }) => ({ ...reason, text: oneLine(text) }));
  return { level: worstFirst[0]?.level ?? "ok", reasons: shown };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, MAX_TEXT);
}

export function isAtLeast(level: Level, least: Level): boolean {
  return LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}
