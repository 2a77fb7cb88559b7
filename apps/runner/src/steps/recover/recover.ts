import type { IssueRecord, RecordPart } from "@tac8/core/state/issueState";
import { agentRanHere } from "../../run/agentRanHere.ts";
import type { StepRecord } from "../../run/record.ts";
import type { StepWorkspace } from "../../run/step.ts";
import { readEndNote, removeEndNote, type EndNote } from "../../workspace/endNote.ts";
import type { EnsuredWorkspace } from "../../workspace/ensure.ts";
import { findQuestion, removeMessageFiles } from "../../workspace/messageFiles.ts";

/** Unrecorded result of an agent of an earlier run. */
export type Recovered =
  { readonly kind: "question"; readonly text: string } | { readonly kind: "finished"; readonly note: EndNote };

export interface RecoverNeeds extends StepWorkspace {
  readonly record: StepRecord<never>;
  /** Id of the data folder. Notes and sessions are stored in it. */
  readonly dataFolderId: string;
}

export interface RecoverInput extends Pick<WorkspaceFacts, "workspaceHow"> {
  readonly baseSha: string;
}

/**
 * Find the question or the finished work of a lost run's agent that was not recorded, because Redis was unreachable or the runner died.
 * This run has not written its checkpoint `prepared` yet, so the checkpoint in the record is that of the lost run. Other questions and
 * notes are removed, because they would be taken for those of this run. @returns null if there is nothing to recover
 */
export async function recover(run: RecoverNeeds, { baseSha, workspaceHow }: RecoverInput): Promise<Recovered | null> {
  const { paths, dataFolderId } = run;
  const text = mayHaveAsked(run.record.state, dataFolderId)
    ? await findQuestion(run.place, paths.tree, () => run.mirror.file(baseSha, "BLOCKED.md"))
    : null;
  // An incomplete file, which may be empty, is no question.
  if (text !== null && text.trim() !== "") {
    await removeEndNote(paths);
    return { kind: "question", text };
  }
  await removeMessageFiles(run.place, paths.tree);
  const note = await readEndNote(paths);
  if (note !== null && isNotRecorded(note, run.record.state, { workspaceHow, dataFolderId }))
    return { kind: "finished", note };
  await removeEndNote(paths);
  return null;
}

/**
 * Return whether a question in the workspace can be that of the last run's agent: a run removes older questions before it writes the
 * checkpoint `prepared`. Pure.
 */
function mayHaveAsked(record: IssueRecord, dataFolderId: string): boolean {
  return record.checkpoint === "prepared" && record.agent.session !== null && agentRanHere(record, dataFolderId);
}

export interface WorkspaceFacts {
  /** How the workspace was prepared. */
  readonly workspaceHow: EnsuredWorkspace["how"];
  /** Id of this data folder. */
  readonly dataFolderId: string;
}

/** Return whether an end note is about the newest agent, its end is not in the record, and the workspace still has its changes. Pure. */
export function isNotRecorded(
  { run }: Pick<EndNote, "run">,
  record: RecordPart<"checkpoint" | "agent.run" | "agent.sessionHome">,
  { workspaceHow, dataFolderId }: WorkspaceFacts,
): boolean {
  // A lost worktree loses its uncommitted changes.
  const hasChanges = workspaceHow === "reused" || workspaceHow === "forwarded" || workspaceHow === "replayed";
  return (
    record.checkpoint === "prepared" && run === record.agent.run && agentRanHere(record, dataFolderId) && hasChanges
  );
}
