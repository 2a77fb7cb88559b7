import type { ReasonCode } from "./healthKinds.ts";

/**
 * From well to ill; the whole is as ill as its worst part.
 *
 *   warning    all works; an operator should check it
 *   degraded   works, but not well: what can slow down or clear up does so
 *   critical   nothing gets done, or continuing would do harm: then the queue is held
 */
export const LEVELS = ["ok", "warning", "degraded", "critical"] as const;
export type Level = (typeof LEVELS)[number];

export interface Reason {
  readonly level: Exclude<Level, "ok">;
  /** A `ReasonCode`, maybe of another version. */
  readonly code: string;
  /** One line for people: what, where, what to do. */
  readonly text: string;
  /** What is done about it: runners slow down, or the queue is held. */
  readonly action: "slow" | "hold" | null;
  /** The machine that it is about, and whose runners act; null: all of them. */
  readonly host: string | null;
}

/** A reason as this version finds it; another version's evaluation may have kinds that this one does not know. */
export interface FoundReason extends Reason {
  readonly code: ReasonCode;
}

export interface Health {
  readonly level: Level;
  /** The worst first; empty when all is well. */
  readonly reasons: readonly Reason[];
}

/** More than this is no list to read. */
const MAX_REASONS = 50;
/** Some of a text comes from elsewhere, such as GitHub's message. */
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
