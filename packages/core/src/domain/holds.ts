import { z } from "zod";

/** Names of the holds of the whole queue. Their texts are in holdWords.ts, and docs/runbook.md has a row for each. */
export type QueueHold =
  /** A user paused the queue. */
  | "operator"
  /** Begun by a run that failed: see `POLICY` in failures.ts. */
  | "usage-limit"
  | "auth"
  | "model"
  | "budget"
  /** Begun by the scheduler. */
  | "breaker"
  | "health"
  | "redis-emptied";

/**
 * A hold: a reason why no new job starts. Stored in the hash `tac8:holds` by name: a `QueueHold`, or `repo:<owner>/<repo>`, which affects
 * only jobs of that repository. The hash may have names of another version, so the type of a name that is read is string.
 */
const holdSchema = z.object({
  reason: z.string(),
  by: z.string(),
  /** Epoch ms. */
  since: z.number(),
  /** Epoch ms; null: until it is removed. */
  until: z.number().nullable(),
  /** Id of the run that found the reason. */
  run: z.string().optional(),
  /** Fingerprint of the credentials that were refused or used up. A runner that starts with other credentials ends the hold. */
  credentials: z.string().optional(),
});
export type Hold = z.infer<typeof holdSchema> & { readonly name: string };

const REPOSITORY = "repo:";

/** Name of the hold for an operator's pause. */
export const OPERATOR = "operator";

export function repositoryHold(repo: { owner: string; repo: string }): string {
  return `${REPOSITORY}${repo.owner}/${repo.repo}`.toLowerCase();
}

export function isRepositoryHold(name: string): boolean {
  return name.startsWith(REPOSITORY);
}

/** Return the live hold that prevents a job of the repository from starting. A hold of the whole queue comes first. */
export function holdOn(repo: { owner: string; repo: string }, live: readonly Hold[]): Hold | null {
  const whole = live.find(({ name }) => !isRepositoryHold(name));
  return whole ?? live.find(({ name }) => name === repositoryHold(repo)) ?? null;
}

export function parseHold(name: string, json: string): Hold | null {
  try {
    const parsed = holdSchema.safeParse(JSON.parse(json));
    return parsed.success ? { ...parsed.data, name } : null;
  } catch {
    return null; // An unreadable entry is not a hold.
  }
}

export interface HoldPlan {
  /** Whether the queue is paused: a live hold of the whole queue exists. */
  readonly pauseQueue: boolean;
  readonly live: readonly Hold[];
  readonly expired: readonly Hold[];
}

export function planHolds(holds: readonly Hold[], now: number): HoldPlan {
  const expired = holds.filter((hold) => hold.until !== null && hold.until <= now);
  const live = holds.filter((hold) => !expired.includes(hold));
  return { pauseQueue: live.some((hold) => !isRepositoryHold(hold.name)), live, expired };
}

/**
 * Return whether a hold ends with a probe: a single job that runs first. Only the scheduler sets that limit and resumes the queue. If a
 * user ends such a hold earlier, the queue remains paused until the scheduler's next check, seconds later.
 */
export function endsWithProbe(name: string): boolean {
  return name === "breaker" || name === "model";
}
