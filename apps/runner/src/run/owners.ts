import type { RecordPath, ValueAt } from "@tac8/core/state/issueState";

// Fields of the record that each step may write.

/** Fields with the end. */
type EndField = "end.outcome" | "end.run" | "end.failure" | "end.reason";

/** Fields of `admit`. `restoreQuestion` has more, because it restores a question from GitHub that is missing in Redis. */
export type AdmitField =
  | EndField
  | "label.event"
  | "round.admitted"
  | "label.refused"
  | "branch.name"
  | "branch.published"
  | "pull.number"
  | "pull.url"
  | "pull.headBefore"
  | "question.text";

/** Fields that the pipeline writes after the unrecorded work of an earlier agent has been recovered. */
export type PreparedField =
  | "checkpoint"
  | "branch.name"
  | "branch.base"
  | "branch.start"
  | "branch.head"
  | "branch.published"
  | "branch.publishedFrom"
  | "branch.others"
  | "branch.rebase"
  | "agent.session"
  | "pull.number"
  | "pull.url"
  | "pull.headBefore"
  | "work.autoCommitted";

export type PrepareField = "state" | "pull.feedback";

export type WorkField =
  | "agent.session"
  | "agent.sessionHome"
  | "agent.run"
  | "agent.runCount"
  | "agent.runs"
  | "agent.usage"
  | "agent.models"
  | "agent.denied"
  | "agent.blockedHosts";

/** Fields that describe what the agent's end means for the round. */
export type RoundField = EndField | "checkpoint" | "question.reply" | "work.isAnswer";

export type SaveField =
  | RoundField
  | "branch.head"
  | "work.uncommitted"
  | "work.autoCommitted"
  | "work.summary"
  | "work.leftRunning"
  | "work.finishedAt"
  | "question.text"
  | "work.withheld"
  | "counts.parked"
  | "counts.lost"
  | "counts.unchanged"
  | "counts.brokenOff";

export type PublishField =
  | RoundField
  | "branch.name"
  | "branch.published"
  | "branch.publishedFrom"
  | "branch.head"
  | "branch.others"
  | "branch.rebase"
  | "pull.number"
  | "pull.url"
  | "pull.headBefore"
  | "work.summary"
  | "work.withheld"
  | "work.allowed"
  | "question.text"
  | "question.commentId"
  | "question.askedAt"
  | "counts.parked";

export type ReportField =
  "label.event" | "label.notRemoved" | "question.commentId" | "question.askedAt" | "label.refused";

/** A patch with only these fields. */
export type PatchOf<P extends RecordPath> = { readonly [K in P]?: ValueAt<K> | null } & {
  readonly [K in Exclude<RecordPath, P>]?: never;
};
