import { clean, clip } from "@tac8/core/domain/plainText";
import { NOT_BROKEN_OFF } from "@tac8/core/domain/brokenOff";
import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { applyPatch, groupPatch } from "@tac8/core/state/issueState";
import { removeEndNote, type EndNote } from "../../workspace/endNote.ts";
import type { SavedWork } from "../handover.ts";
import { save, type SaveNeeds } from "./save.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";
import { outcomeOfSuccess } from "../../issue/round.ts";

/** Maximum number of characters of all paths in a message. */
const MAX_PATHS_LENGTH = 300;

export type Finished =
  /** The record has the work, or the end. */
  | { readonly kind: "done" }
  /** The agent ended by itself without a result. `saved`: work so far, to push to the branch; null: none. */
  | { readonly kind: "failed"; readonly failure: Failure; readonly saved: SavedWork | null };

/**
 * Save the work of a finished agent. Afterwards the record has its result, figures and head commit.
 * @param recorded write of the figures to the record, awaited after the work is saved
 * @returns `done`, or `failed` with a failure: `agent` if the agent left conflicts, which are no finished work; `unfinished` if
 * it left a command running and has no work; otherwise `no-changes`
 */
export async function saveFinishedWork(
  run: SaveNeeds & { readonly now: () => number },
  { summary, leftRunning }: Pick<EndNote, "summary" | "leftRunning">,
  recorded: Promise<void>,
): Promise<Finished> {
  recorded.catch(() => undefined); // The promise may reject before it is awaited, if the save fails first.
  const finishedPatch = {
    "work.summary": summary,
    "work.leftRunning": leftRunning,
    ...groupPatch("counts", NOT_BROKEN_OFF),
    "question.reply": null,
    checkpoint: "worked",
    "work.finishedAt": new Date(run.now()).toISOString(),
  } as const;
  const conflictCheck: { conflicts: readonly string[] | null } = { conflicts: null };
  const onConflicts = async (paths: readonly string[]): Promise<void> => {
    conflictCheck.conflicts = paths;
    // The save commits the conflicts, and a run that reads the note afterwards would take the work for finished.
    if (paths.length > 0) await removeEndNote(run.paths);
  };
  let saved: SavedWork;
  try {
    saved = await save(run, { onConflicts });
  } catch (error) {
    await recorded;
    // The disk has no space for the commit now. The publication commits the work later, so the agent does not run twice.
    if (conflictCheck.conflicts?.length === 0 && isDiskFailure(error))
      await run.record.write({ ...finishedPatch, "branch.head": null });
    throw error;
  }
  await recorded;
  const { head } = saved;
  const conflicts = conflictCheck.conflicts ?? [];
  const resultPatch = {
    "work.summary": summary,
    ...groupPatch("counts", NOT_BROKEN_OFF),
    "counts.parked": 0,
    "branch.head": head,
  };
  if (conflicts.length > 0) {
    const paths = clip(clean(conflicts.join(", ")), MAX_PATHS_LENGTH);
    const message = `the agent ended with unresolved conflicts in ${paths}`;
    await run.record.write({ ...resultPatch, "end.failure": "agent", "end.reason": message });
    return { kind: "failed", failure: { kind: "agent", message }, saved };
  }
  let end = outcomeOfSuccess(applyPatch(run.record.state, resultPatch), run.id);
  if (end !== null && end !== "new work" && leftRunning === null) {
    // The summary becomes a comment. A summary of new work is searched for secrets together with its commits.
    resultPatch["work.summary"] = await withoutSecrets(run, "answer", summary);
    end = outcomeOfSuccess(applyPatch(run.record.state, resultPatch), run.id);
  }
  if (leftRunning !== null && end !== "new work") {
    await run.record.write(resultPatch);
    await removeEndNote(run.paths); // The agent runs again.
    return { kind: "failed", failure: { kind: "unfinished", message: leftRunning }, saved: null };
  }
  await run.record.write({
    ...resultPatch,
    ...(end === "new work" ? { ...finishedPatch, "end.failure": null, "end.reason": null } : end),
  });
  // The end note is kept until the failure is in the record. If the runner dies before that, the next run reads the note again.
  if (end === null) {
    const failure = { kind: "no-changes", message: "the agent finished without changing anything" } as const;
    return { kind: "failed", failure, saved: null };
  }
  await removeEndNote(run.paths);
  return { kind: "done" };
}

function isDiskFailure(error: unknown): boolean {
  return error instanceof StepFailure && error.failure.kind === "disk";
}
