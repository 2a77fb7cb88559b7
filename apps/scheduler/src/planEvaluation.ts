import { isAtLeast, type Health } from "@tac8/core/domain/healthLevels";
import type { HealthEvaluation } from "@tac8/core/state/healthEvaluation";

export interface EvaluationFacts {
  readonly health: Health;
  /** The last published evaluation, of any age. */
  readonly before: HealthEvaluation | null;
  /** Whether the hold `health` is set. */
  readonly held: boolean;
  /** Epoch ms. */
  readonly now: number;
}

export interface EvaluationPlan {
  /** The evaluation to publish. */
  readonly evaluation: HealthEvaluation;
  readonly hold: "set" | "clear" | null;
  /** One line for the event log; null: no change that is worth an event. */
  readonly news: string | null;
}

/** The hold is removed when no check has required it for this time. */
export const CALM_MS = 30_000;

/** Decide what to publish, what to log, and whether to change the hold `health`. Pure. */
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

/** Return a text that changes with the level and with each reason that is `degraded` or worse. Single warnings are not news. */
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
