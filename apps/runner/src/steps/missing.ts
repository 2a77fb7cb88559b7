import type { IssueFields } from "@tac8/core/state/issueState";

/** How long finished work is waited for that is on a disk of another runner: one that is off comes back, a dead one does not. */
const WAIT_MS = 24 * 3_600_000;

export type MissingPlan =
  /** Its runner finds it when it takes the job; nobody else can. Until epoch ms. */
  | { readonly do: "wait"; readonly until: number; readonly reason: string }
  | { readonly do: "again"; readonly reason: string };

/** What becomes of finished work that is neither here nor on GitHub. Pure; `now` is epoch ms. */
export function planMissing(
  { sessionHome, workedAt, runs }: Pick<IssueFields, "sessionHome" | "workedAt" | "runs">,
  { homeId, now }: { readonly homeId: string; readonly now: number },
): MissingPlan {
  if (sessionHome === homeId) {
    return { do: "again", reason: "the finished work is gone from this disk, and not on GitHub: it is done again" };
  }
  // Not known when: then nothing says that it is worth waiting for.
  const until = Date.parse(workedAt ?? runs?.at(-1)?.at ?? "") + WAIT_MS;
  if (now < until) {
    const reason = `waiting for the runner that has the finished work on its disk, until ${new Date(until).toISOString()}`;
    return { do: "wait", until, reason };
  }
  const reason = "the runner that had the finished work on its disk has not come back for a day: it is done again";
  return { do: "again", reason };
}
