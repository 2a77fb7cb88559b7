import type { FieldName, IssueFields } from "@tac8/core/state/issueState";

// Which fields of the issue's record each step may write. The table in docs/architecture.md has the same rows.

/** How the issue ended: any step may find that. */
type EndField = "outcome" | "outcomeRun" | "failure" | "reason";

/** `restoreQuestion` has the rest: what GitHub has of a question that Redis had forgotten. */
export type AdmitField =
  | EndField
  | "labelEvent"
  | "admitted"
  | "refusedLabel"
  | "branch"
  | "publishedSha"
  | "prNumber"
  | "prUrl"
  | "prBefore"
  | "question";

/** Written by the pipeline, once it is known what an agent before had left unrecorded. */
export type PreparedField =
  | "checkpoint"
  | "branch"
  | "baseSha"
  | "startSha"
  | "headSha"
  | "publishedSha"
  | "madeSha"
  | "theirSha"
  | "rebase"
  | "session"
  | "prNumber"
  | "prUrl"
  | "prBefore"
  | "added";

export type PrepareField = "state" | "feedback";

export type WorkField =
  "session" | "sessionHome" | "agentRun" | "agentRuns" | "runs" | "usage" | "models" | "denied" | "blockedHosts";

/** What the agent's end means for the round, too. */
export type RoundField = EndField | "checkpoint" | "answer" | "hasAnswer";

export type SaveField =
  | RoundField
  | "headSha"
  | "unsaved"
  | "added"
  | "summary"
  | "leftRunning"
  | "workedAt"
  | "question"
  | "withheld"
  | "parked"
  | "lost"
  | "unchanged"
  | "brokenOff";

export type PublishField =
  | RoundField
  | "branch"
  | "publishedSha"
  | "madeSha"
  | "headSha"
  | "theirSha"
  | "rebase"
  | "prNumber"
  | "prUrl"
  | "prBefore"
  | "summary"
  | "withheld"
  | "allowed"
  | "question"
  | "questionId"
  | "askedAt"
  | "parked";

export type ReportField = "labelEvent" | "labelLeft" | "questionId" | "askedAt" | "refusedLabel";

/** A patch with these fields, and no others. */
export type PatchOf<F extends FieldName> = { readonly [K in F]?: IssueFields[K] | null } & {
  readonly [K in Exclude<FieldName, F>]?: never;
};
