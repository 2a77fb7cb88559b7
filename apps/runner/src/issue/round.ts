import { clean, clip } from "@tac8/core/domain/plainText";
import type { Pull } from "@tac8/core/github/types";
import type { AgentResult } from "../agent/classify.ts";
import type { Incoming } from "../airlock/incoming.ts";
import type { IssueRecord, RecordPart } from "@tac8/core/state/issueState";
import type { PatchOf, RoundField } from "../run/owners.ts";

const MAX_REASON = 200;

export interface PreviousAttempts {
  /** How the previous attempt ended. */
  readonly failure: IssueRecord["end"]["failure"];
  /** Number of attempts used before this one. */
  readonly made: number;
  readonly max: number;
}

/**
 * Return the command that an agent had left running when its turn ended, as text for users, if its work must be
 * published anyway; otherwise null. Its agent was notified once, or has no attempt left. A command schedules no work,
 * unlike a later turn or a sub-agent. Pure.
 */
export function leftRunningCommand(agentResult: AgentResult, { failure, made, max }: PreviousAttempts): string | null {
  if (agentResult.ok || agentResult.kind !== "unfinished" || !agentResult.onlyCommands) return null;
  return failure === "unfinished" || made + 1 >= max ? agentResult.message : null;
}

type Finished = RecordPart<"branch.head" | "branch.base" | "pull.headBefore" | "work.summary">;

/**
 * Return what an agent's success means for the round; null if it changed nothing and wrote nothing. Commits that an
 * earlier attempt saved to the branch are work too, and so is their removal from the pull request. Pure.
 */
export function outcomeOfSuccess(
  finished: Finished & RecordPart<"branch.published">,
  run: string,
): PatchOf<RoundField> | "new work" | null {
  const { head: headSha, base: baseSha, published: publishedSha } = finished.branch;
  const prBefore = finished.pull.headBefore;
  const isAsBefore = headSha === prBefore && (publishedSha === null || publishedSha === headSha);
  return headSha === baseSha || isAsBefore ? outcomeWithoutChange(finished, run) : "new work";
}

/**
 * Return whether a pull request of these commits would be empty. On an open pull request, such commits revert
 * something. Pure.
 */
export function isEmptyChange(
  { commits, isChanged }: Pick<Incoming, "commits" | "isChanged">,
  { pull: { number: prNumber } }: RecordPart<"pull.number">,
): boolean {
  return commits === 0 || (!isChanged && prNumber === null);
}

/**
 * Return the head that the pull request had before the round's work, if it is still open; null if the round's commits
 * need a new pull request. `beginsRound`: the round's work starts now. Pure.
 */
export function pullBefore(
  { pull: { headBefore: prBefore } }: RecordPart<"pull.headBefore">,
  { pull, beginsRound }: { readonly pull: Pick<Pull, "headSha"> | null; readonly beginsRound: boolean },
): string | null {
  if (pull === null) return null; // Closed between two attempts, for example: the outcome must not name it.
  return beginsRound ? pull.headSha : prBefore;
}

/**
 * Return the outcome of a round whose agent has changed nothing. Its text, if any, is posted. A pull request that was
 * already open stays the outcome. Pure. @returns null if there is neither
 */
export function outcomeWithoutChange(
  { branch: { head: headSha }, pull: { headBefore: prBefore }, work: { summary } }: Finished,
  run: string,
): PatchOf<RoundField> | null {
  const words = (summary ?? "").trim();
  const end = {
    "end.run": run,
    "question.reply": null,
    "end.failure": null,
    ...(words === "" ? {} : { "work.isAnswer": "yes" as const }),
  };
  if (prBefore !== null && (words !== "" || headSha === prBefore)) {
    const reason = "the agent found nothing to change on the pull request";
    return { ...end, checkpoint: "published", "end.outcome": "pr", "end.reason": reason };
  }
  if (words === "") return null;
  const line = clip(clean(words).replaceAll(/\s+/g, " "), MAX_REASON);
  return { ...end, "end.outcome": "answered", "end.reason": `nothing to change: ${line}` };
}
