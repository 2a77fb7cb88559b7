/**
 * Expiry of open questions and of withheld work: then the issue ends as `expired`. The runner delays the job until then, and computes the
 * time again when the job is due. So a longer setting also applies to open questions, and a shorter one only to new questions.
 */

const DAY_MS = 86_400_000;

/** Return how long a question stays open, in ms. `days`: `coordinator.blocked_expires_days`. */
export function questionLifetimeMs(days: number): number {
  return days * DAY_MS;
}

/** The ISO times in the record of a blocked issue. `since`: its last change of state. */
interface AskedTimes {
  readonly since: string | null;
  readonly question: { readonly askedAt: string | null };
}

/** Return when the question was asked, in epoch ms; null: the record has no readable time. */
export function questionAskedAt({ since, question }: AskedTimes): number | null {
  const asked = Date.parse(since ?? question.askedAt ?? "");
  return Number.isNaN(asked) ? null : asked;
}

/** Return when the question expires, in epoch ms; null: the record has no readable time. */
export function questionExpiresAt(times: AskedTimes, lifetimeMs: number): number | null {
  const asked = questionAskedAt(times);
  return asked === null ? null : expiryOf(asked, lifetimeMs);
}

/** Return until when the job of the question is delayed, in epoch ms. Without a readable time, the lifetime begins `now`. */
export function questionDueAt(times: AskedTimes, lifetimeMs: number, now: number): number {
  return expiryOf(questionAskedAt(times) ?? now, lifetimeMs);
}

/**
 * The rule: return when a question that was asked at `asked`, or work that was withheld then, expires. All times are epoch ms. To change it:
 * "Recipes" in CONTRIBUTING.md.
 */
function expiryOf(asked: number, lifetimeMs: number): number {
  return asked + lifetimeMs;
}
