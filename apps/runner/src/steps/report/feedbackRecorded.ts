import type { IssuePatch, RecordPart } from "@tac8/core/state/issueState";

/** Keys that an issue remembers; what is older comes last anyway when there is no room for all. */
const MAX_KEYS = 1000;

/** After a round whose agent has done what it was told. */
export function feedbackRecorded({ pull: { feedback } }: RecordPart<"pull.feedback">): IssuePatch {
  if (feedback === null || feedback.given.length === 0) return {};
  return { "pull.feedback": { heard: [...feedback.heard, ...feedback.given].slice(-MAX_KEYS), given: [] } };
}
