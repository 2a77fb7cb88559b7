import type { IssuePatch, RecordPart } from "@tac8/core/state/issueState";

/** Maximum number of keys that an issue stores. Older feedback has the lowest priority in a prompt anyway. */
const MAX_KEYS = 1000;

/** Return the patch that marks the feedback as used, after a round whose agent has addressed it. */
export function feedbackRecorded({ pull: { feedback } }: RecordPart<"pull.feedback">): IssuePatch {
  if (feedback === null || feedback.given.length === 0) return {};
  return { "pull.feedback": { heard: [...feedback.heard, ...feedback.given].slice(-MAX_KEYS), given: [] } };
}
