import { clean, clip } from "@tac8/core/domain/plainText";
import type { Pull } from "@tac8/core/github/types";
import type { EndEvaluation } from "../agent/classify.ts";
import type { Incoming } from "../airlock/incoming.ts";
import type { IssueRecord, RecordPart } from "@tac8/core/state/issueState";
import type { PatchOf, RoundField } from "../run/owners.ts";

const MAX_REASON = 200;

export interface AskedBefore {
  /** How the attempt before this ended. */
  readonly failure: IssueRecord["end"]["failure"];
  /** Attempts burnt before this one. */
  readonly made: number;
  readonly max: number;
}

/**
 * Return the command that an agent had left running when its turn ended, for people, where its work is to be published all the
 * same; else null. Pure. It was told so once, or has no attempt left; a command plans no work, as a later turn or a sub-agent does.
 */
export function publishesBeside(evaluation: EndEvaluation, { failure, made, max }: AskedBefore): string | null {
  if (evaluation.ok || evaluation.kind !== "unfinished" || !evaluation.onlyCommands) return null;
  return failure === "unfinished" || made + 1 >= max ? evaluation.message : null;
}

type Finished = RecordPart<"branch.head" | "branch.base" | "pull.headBefore" | "work.summary">;

/**
 * Pure: what an agent's good end means for the round; null: it changed nothing, and said nothing either. What an earlier attempt
 * has saved to the branch is work too, and so is that it was taken off the pull request again.
 */
export function planFinish(
  finished: Finished & RecordPart<"branch.published">,
  run: string,
): PatchOf<RoundField> | "new work" | null {
  const { head: headSha, base: baseSha, published: publishedSha } = finished.branch;
  const prBefore = finished.pull.headBefore;
  const isAsBefore = headSha === prBefore && (publishedSha === null || publishedSha === headSha);
  return headSha === baseSha || isAsBefore ? endUnchanged(finished, run) : "new work";
}

/** Pure: the commits would make a pull request without a change. On one that is open they take something back. */
export function isNothing(
  { commits, isChanged }: Pick<Incoming, "commits" | "isChanged">,
  { pull: { number: prNumber } }: RecordPart<"pull.number">,
): boolean {
  return commits === 0 || (!isChanged && prNumber === null);
}

/**
 * Pure: the head of the pull request that was open before the round's work, while it is open still; null: what the round
 * brings needs one. `isFirst`: the round's work begins now.
 */
export function pullBefore(
  { pull: { headBefore: prBefore } }: RecordPart<"pull.headBefore">,
  { pull, isFirst }: { readonly pull: Pick<Pull, "headSha"> | null; readonly isFirst: boolean },
): string | null {
  if (pull === null) return null; // Closed between two attempts, say: the end must not name it.
  return isFirst ? pull.headSha : prBefore;
}

/**
 * Pure: the end of a round whose agent has changed nothing; its words, where it said any, are posted with it. Where a pull
 * request was open before, that is still the end. @returns null: there is neither.
 */
export function endUnchanged(
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
