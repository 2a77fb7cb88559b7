import type { RecordPart } from "@tac8/core/state/issueState";

/** How long finished work is waited for that is on a disk of another runner: one that is off comes back, a dead one does not. */
const WAIT_MS = 24 * 3_600_000;

export type MissingPlan =
  /** Its runner finds it when it takes the job; nobody else can. Until epoch ms. */
  | { readonly do: "wait"; readonly until: number; readonly reason: string }
  | { readonly do: "again"; readonly reason: string };

/**
 * Decide what happens to finished work that is neither here nor on GitHub. Its runner has a day to return, from the newest of:
 * the end of the work, the label that allowed its publication, the start of another try. Pure; `now` is epoch ms.
 */
export function planMissing(
  {
    agent: { sessionHome, runs },
    work: { finishedAt: workedAt },
    round: { queuedAt: begun },
  }: RecordPart<"agent.sessionHome" | "work.finishedAt" | "round.queuedAt" | "agent.runs">,
  { homeId, now }: { readonly homeId: string; readonly now: number },
): MissingPlan {
  if (sessionHome === homeId) {
    return { do: "again", reason: "the finished work is missing from this disk and not on GitHub: it is redone" };
  }
  // An issue may wait for a user for longer than a day: until then its runner had no reason to return.
  const known = [workedAt ?? runs?.at(-1)?.at, begun].map((at) => Date.parse(at ?? "")).filter(Number.isFinite);
  // Without a known time, nothing says that it is worth waiting for.
  const until = Math.max(...known) + WAIT_MS;
  if (now < until) {
    const reason = `waiting until the runner that has the finished work on its disk is back, or until ${new Date(until).toISOString()}`;
    return { do: "wait", until, reason };
  }
  const reason = "the runner that has the finished work on its disk was unreachable for a day: the work is redone";
  return { do: "again", reason };
}
