import { NOT_BROKEN_OFF } from "../domain/brokenOff.ts";
import { groupPatch, type IssuePatch, type RecordPart } from "./issueState.ts";

/** Everything that belonged to an end, or to the tries before it. */
export const CLEAN = {
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
 * What an operator's retry, or a new label, starts an ended issue from: a clean sheet on the branch that is there. A failed
 * publish continues from there instead: paid agent work is never done twice. What GitHub refused because of its content
 * would be refused again: the agent's session continues, and is told why. So it does after an answer.
 */
export function reopen(
  before: RecordPart<"state" | "end.failure" | "end.reason" | "checkpoint"> & Partial<RecordPart<"round.admitted">>,
): IssuePatch & { readonly checkpoint: "none" | "worked" } {
  // Where the work itself brought nothing, publishing it again would end the same; of one that was made for another text,
  // nobody knows whether it is wanted.
  const ended = before.state === "failed" || before.state === "expired";
  const unpublished =
    ended && before.checkpoint === "worked" && !["no-changes", "edited"].includes(before.end.failure ?? "");
  // What was refused may also have been the label alone, put back on by an account that may not.
  if (unpublished && before.end.failure === "refused" && before.round?.admitted !== null) {
    return {
      ...CLEAN,
      "round.admitted": null,
      "round.retriedAt": null,
      checkpoint: "none",
      "end.failure": "refused",
      "end.reason": before.end.reason,
    };
  }
  if (unpublished) return { ...CLEAN, "round.admitted": null, "round.retriedAt": null, checkpoint: "worked" };
  const restarted = { "agent.usage": null, "agent.models": null, "work.summary": null, "agent.runCount": 0 };
  // Nothing was changed: the conversation continues where it was left.
  if (before.state === "answered")
    return { ...CLEAN, "round.admitted": null, "round.retriedAt": null, checkpoint: "none", ...restarted };
  return {
    ...CLEAN,
    "round.admitted": null,
    "round.retriedAt": null,
    checkpoint: "none",
    ...restarted,
    "agent.session": null,
  };
}
