import { NOT_BROKEN_OFF } from "../domain/brokenOff.ts";
import { groupPatch, type IssuePatch, type RecordPart } from "./issueState.ts";

/** Patch that removes everything about the former end and its attempts. */
export const NO_FORMER_END = {
  "end.outcome": null,
  "end.run": null,
  "end.attempt": null,
  "end.failure": null,
  "end.reason": null,
  "end.decided": null,
  "question.text": null,
  "question.commentId": null,
  "question.askedAt": null,
  "question.reply": null,
  "work.withheld": null,
  "work.allowed": null,
  "work.isAnswer": null,
  "agent.denied": null,
  "agent.blockedHosts": null,
  "command.stop": null,
  "command.stopMode": null,
  "command.cancel": null,
  "label.notRemoved": null,
  ...groupPatch("counts", NOT_BROKEN_OFF),
  "counts.parked": 0,
  "job.hold": null,
  "counts.noChanges": 0,
} as const satisfies IssuePatch;

/**
 * Return the patch with which a retry, or a new label, reopens an ended issue. Usually the issue starts again on its existing branch. After
 * a failed publication, only the publication is repeated, because agent work that was paid for is never repeated. If GitHub refused the
 * content, it would refuse it again, so the agent's session resumes with the reason. The session also resumes after an answer.
 */
export function reopen(
  before: RecordPart<"state" | "end.failure" | "end.reason" | "checkpoint"> & Partial<RecordPart<"round.admitted">>,
): IssuePatch & { readonly checkpoint: "none" | "worked" } {
  // With `no-changes` there is nothing to publish. With `edited` the work was done for another text, and may not be wanted.
  const ended = before.state === "failed" || before.state === "expired";
  const unpublished =
    ended && before.checkpoint === "worked" && !["no-changes", "edited"].includes(before.end.failure ?? "");
  // The refusal may also concern only the label, which an account without permission has added again.
  if (unpublished && before.end.failure === "refused" && before.round?.admitted !== null) {
    return {
      ...NO_FORMER_END,
      "round.admitted": null,
      "round.retriedAt": null,
      checkpoint: "none",
      "end.failure": "refused",
      "end.reason": before.end.reason,
    };
  }
  if (unpublished) return { ...NO_FORMER_END, "round.admitted": null, "round.retriedAt": null, checkpoint: "worked" };
  const restarted = { "agent.usage": null, "agent.models": null, "work.summary": null, "agent.runCount": 0 };
  // The agent changed nothing, so its conversation resumes.
  if (before.state === "answered")
    return { ...NO_FORMER_END, "round.admitted": null, "round.retriedAt": null, checkpoint: "none", ...restarted };
  return {
    ...NO_FORMER_END,
    "round.admitted": null,
    "round.retriedAt": null,
    checkpoint: "none",
    ...restarted,
    "agent.session": null,
  };
}
