import { isAtLeast, type Health } from "@tac8/core/domain/healthLevels";
import type { HealthEvaluation } from "@tac8/core/state/healthEvaluation";

export interface EvaluationFacts {
  readonly health: Health;
  /** What was reported last, however long ago. */
  readonly before: HealthEvaluation | null;
  /** The hold `health` is there. */
  readonly held: boolean;
  /** Epoch ms. */
  readonly now: number;
}

export interface EvaluationPlan {
  /** To be told. */
  readonly evaluation: HealthEvaluation;
  readonly hold: "set" | "clear" | null;
  /** One line for the event log; null: nothing that is worth one has changed. */
  readonly news: string | null;
}

/** The hold goes when nothing has asked for it for this long. */
export const CALM_MS = 30_000;

/** Pure: what the scheduler does about how things are. */
export function planEvaluation({ health, before, held, now }: EvaluationFacts): EvaluationPlan {
  const harmful = health.reasons.some(({ action }) => action === "hold");
  const calmSince = harmful || !held ? null : (before?.calmSince ?? now);
  const over = calmSince !== null && now - calmSince >= CALM_MS;
  const since = before !== null && before.level === health.level ? before.since : now;
  return {
    evaluation: { ...health, at: now, since, calmSince: over ? null : calmSince },
    hold: harmful && !held ? "set" : over ? "clear" : null,
    news: signature(health) === signature(before ?? { level: "ok", reasons: [] }) ? null : wordsOf(health, before),
  };
}

/** Warnings come and go; what is worse is news, and so is the whole's level. */
function signature({ level, reasons }: Health): string {
  const codes = reasons.filter((reason) => isAtLeast(reason.level, "degraded")).map(({ code }) => code);
  return [level, ...codes.toSorted()].join(" ");
}

const MAX_REPORTED = 3;

function wordsOf({ level, reasons }: Health, before: HealthEvaluation | null): string {
  const reported = reasons.slice(0, MAX_REPORTED).map(({ text }) => text);
  const more = reasons.length > MAX_REPORTED ? [`and ${reasons.length - MAX_REPORTED} more`] : [];
  const was = before?.level ?? "ok";
  return [was === level ? `health: still ${level}` : `health: ${was} → ${level}`, ...reported, ...more].join("; ");
}
