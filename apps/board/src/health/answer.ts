import { runbookOf } from "@tac8/core/domain/healthKinds";
import type { Health, Reason } from "@tac8/core/domain/healthLevels";
import type { Snapshot } from "@tac8/core/status/snapshot";

/** The response of `/healthz`. Times are epoch ms. */
export interface HealthAnswer {
  /** False if the level is `critical`. */
  readonly ok: boolean;
  readonly level: Health["level"];
  /** Worst first. */
  readonly reasons: readonly (Pick<Reason, "level" | "code" | "text"> & {
    /** Address of the section of the runbook that explains what to do. */
    readonly runbook: string;
  })[];
  readonly redis: { readonly ok: boolean };
  readonly scheduler: { readonly ok: boolean; readonly lastPollAt: number | null; readonly error: string | null };
  readonly runners: { readonly ok: boolean; readonly present: number; readonly slots: number; readonly busy: number };
}

/** Return the response of `/healthz`. Pure. */
export function healthAnswer({ scheduler, runners }: Snapshot, { level, reasons }: Health): HealthAnswer {
  const has = (code: string) => reasons.some((reason) => reason.code === code);
  return {
    ok: level !== "critical",
    level,
    reasons: reasons.map(({ level: its, code, text }) => ({ level: its, code, text, runbook: runbookOf(code) })),
    redis: { ok: true },
    scheduler: { ok: !has("scheduler"), lastPollAt: scheduler?.lastPollAt ?? null, error: scheduler?.error ?? null },
    runners: {
      ok: !has("no-runner"),
      present: runners.length,
      slots: runners.reduce((sum, { slots }) => sum + slots, 0),
      busy: runners.reduce((sum, { busy }) => sum + busy, 0),
    },
  };
}

/** The response while Redis is unreachable, because nothing else is known then. */
export const REDIS_UNREACHABLE: HealthAnswer = {
  ok: false,
  level: "critical",
  reasons: [
    {
      level: "critical",
      code: "redis",
      text: "Redis does not respond: check that it is running",
      runbook: runbookOf("redis"),
    },
  ],
  redis: { ok: false },
  scheduler: { ok: false, lastPollAt: null, error: "unknown: Redis does not respond" },
  runners: { ok: false, present: 0, slots: 0, busy: 0 },
};
