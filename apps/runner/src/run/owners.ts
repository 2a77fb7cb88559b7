import type { RecordPath, ValueAt } from "@tac8/core/state/issueState";

// Which fields of the record each step may write. The table in docs/architecture.md has the same rows.

/** How the issue ended: any step may find that. */
type EndField = "end.outcome" | "end.run" | "end.failure" | "end.reason";

/** `restoreQuestion` has the rest: what GitHub has of a question that Redis had forgotten. */
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

/** Written by the pipeline, once it is known what an agent before had left unrecorded. */
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

/** What the agent's end means for the round, too. */
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

/** A patch with these fields, and no others. */
export type PatchOf<P extends RecordPath> = { readonly [K in P]?: ValueAt<K> | null } & {
  readonly [K in Exclude<RecordPath, P>]?: never;
};
