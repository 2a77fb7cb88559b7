/**
 * When an open question, or withheld work, ends its issue as `expired`. The runner delays the job until then; it computes the time
 * again when the job is due, so a later time counts for questions that are open, and an earlier one only for new questions.
 */

const DAY_MS = 86_400_000;

/** Return how long a question stays open, in ms. `days`: `coordinator.blocked_expires_days`. */
export function questionLifetimeMs(days: number): number {
  return days * DAY_MS;
}

/** The times of a blocked issue's record, ISO. `since`: its last change of state. */
interface AskedTimes {
  readonly since: string | null;
  readonly question: { readonly askedAt: string | null };
}

/** Return when the question was asked, in epoch ms; null: the record has no time that can be read. */
export function questionAskedAt({ since, question }: AskedTimes): number | null {
  const asked = Date.parse(since ?? question.askedAt ?? "");
  return Number.isNaN(asked) ? null : asked;
}

/** Return when the question expires, in epoch ms; null: the record has no time that can be read. */
export function questionExpiresAt(times: AskedTimes, lifetimeMs: number): number | null {
  const asked = questionAskedAt(times);
  return asked === null ? null : asked + lifetimeMs;
}
