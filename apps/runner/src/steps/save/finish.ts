import { clean, clip } from "@tac8/core/domain/plainText";
import { NOT_BROKEN_OFF } from "@tac8/core/domain/brokenOff";
import { StepFailure, type Failure } from "@tac8/core/domain/failures";
import { applyPatch, groupPatch } from "@tac8/core/state/issueState";
import { removeEndNote, type EndNote } from "../../workspace/endNote.ts";
import type { SavedWork } from "../handover.ts";
import { save, type SaveNeeds } from "./save.ts";
import { withoutSecrets } from "../../secrets/withoutSecrets.ts";
import { planFinish } from "../../issue/round.ts";

/** Characters of paths in a message for people. */
const MAX_NAMED = 300;

export type Finished =
  /** The record has the work, or the end. */
  | { readonly kind: "done" }
  /** The agent ended by itself, and brought nothing that could be published. `saved`: what is still to be taken to the branch. */
  | { readonly kind: "nothing to publish"; readonly failure: Failure; readonly saved: SavedWork | null };

/**
 * Makes the work of an agent that is done safe: result, figures and head commit are in the hash after it. `recorded`: the
 * figures are on their way there, and waited for once the work is saved. @returns `nothing to publish` with the failure
 * `no-changes`; `agent` where it left conflicts, which are no work that is done; `unfinished` where it left a command running,
 * and has no work to show.
 */
export async function finish(
  run: SaveNeeds & { readonly now: () => number },
  { summary, leftRunning }: Pick<EndNote, "summary" | "leftRunning">,
  recorded: Promise<void>,
): Promise<Finished> {
  recorded.catch(() => undefined); // It may fail while something before its own wait fails, too.
  const worked = {
    "work.summary": summary,
    "work.leftRunning": leftRunning,
    ...groupPatch("counts", NOT_BROKEN_OFF),
    "question.reply": null,
    checkpoint: "worked",
    "work.finishedAt": new Date(run.now()).toISOString(),
  } as const;
  const found: { conflicts: readonly string[] | null } = { conflicts: null };
  const onConflicts = async (paths: readonly string[]): Promise<void> => {
    found.conflicts = paths;
    // The save makes a commit of them: whoever reads the note after that would take the work for finished.
    if (paths.length > 0) await removeEndNote(run.paths);
  };
  let saved: SavedWork;
  try {
    saved = await save(run, { onConflicts });
  } catch (error) {
    await recorded;
    // No space for a commit: it is made before it is published, and the agent is not paid twice.
    if (found.conflicts?.length === 0 && isDiskFull(error)) await run.record.write({ ...worked, "branch.head": null });
    throw error;
  }
  await recorded;
  const { head } = saved;
  const conflicts = found.conflicts ?? [];
  const facts = {
    "work.summary": summary,
    ...groupPatch("counts", NOT_BROKEN_OFF),
    "counts.parked": 0,
    "branch.head": head,
  };
  if (conflicts.length > 0) {
    const paths = clip(clean(conflicts.join(", ")), MAX_NAMED);
    const message = `the agent ended with unresolved conflicts in ${paths}`;
    await run.record.write({ ...facts, "end.failure": "agent", "end.reason": message });
    return { kind: "nothing to publish", failure: { kind: "agent", message }, saved };
  }
  let end = planFinish(applyPatch(run.record.state, facts), run.id);
  if (end !== null && end !== "new work" && leftRunning === null) {
    // They become a comment. Those of new work are checked with its commits.
    facts["work.summary"] = await withoutSecrets(run, "answer", summary);
    end = planFinish(applyPatch(run.record.state, facts), run.id);
  }
  if (leftRunning !== null && end !== "new work") {
    await run.record.write(facts);
    await removeEndNote(run.paths); // Its agent is asked again.
    return { kind: "nothing to publish", failure: { kind: "unfinished", message: leftRunning }, saved: null };
  }
  await run.record.write({
    ...facts,
    ...(end === "new work" ? { ...worked, "end.failure": null, "end.reason": null } : end),
  });
  // The note stays then: until this is counted as a failure, it may be heard again.
  if (end === null) {
    const failure = { kind: "no-changes", message: "the agent finished without changing anything" } as const;
    return { kind: "nothing to publish", failure, saved: null };
  }
  await removeEndNote(run.paths);
  return { kind: "done" };
}

function isDiskFull(error: unknown): boolean {
  return error instanceof StepFailure && error.failure.kind === "disk";
}
