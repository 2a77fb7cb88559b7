import type { RecordPart } from "@tac8/core/state/issueState";
import { agentRanHere } from "../run/agentRanHere.ts";

/** How long a job waits for the runner that has its finished work on its disk: that runner may only be switched off. */
const WAIT_MS = 24 * 3_600_000;

export type MissingPlan =
  /** Only the runner that has the work can publish it. `until`: epoch ms. */
  | { readonly do: "wait"; readonly until: number; readonly reason: string }
  | { readonly do: "again"; readonly reason: string };

/**
 * Decide whether to wait for finished work that is neither here nor on GitHub, or to do it again. Its runner has a day to return. The
 * day begins at the newest of three times: the end of the work, the label that allowed its publication, and the time at which the
 * issue was queued again. Pure.
 * @param now epoch ms
 */
export function planMissing(
  record: RecordPart<"agent.sessionHome" | "work.finishedAt" | "round.queuedAt" | "agent.runs">,
  { dataFolderId, now }: { readonly dataFolderId: string; readonly now: number },
): MissingPlan {
  if (agentRanHere(record, dataFolderId)) {
    return { do: "again", reason: "the finished work is missing from this disk and not on GitHub: it is redone" };
  }
  // An issue may wait for a user for longer than a day. Its runner was not needed before the user acted.
  const startTimes = [record.work.finishedAt ?? record.agent.runs?.at(-1)?.at, record.round.queuedAt]
    .map((at) => Date.parse(at ?? ""))
    .filter(Number.isFinite);
  // Without a known time, the work is done again at once.
  const until = Math.max(...startTimes) + WAIT_MS;
  if (now < until) {
    const reason = `waiting until the runner that has the finished work on its disk is back, or until ${new Date(until).toISOString()}`;
    return { do: "wait", until, reason };
  }
  const reason = "the runner that has the finished work on its disk was unreachable for a day: the work is redone";
  return { do: "again", reason };
}
