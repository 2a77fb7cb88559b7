import { listLeftOut, nameMore } from "@tac8/core/domain/leftOut";
import type { SaveField } from "../../run/owners.ts";
import type { StepBasics, StepWorkspace } from "../../run/step.ts";
import type { SecretSearch } from "../../secrets/withoutSecrets.ts";
import { backToBranch } from "../../workspace/backToBranch.ts";
import { saveWork, type SaveOptions } from "../../workspace/save.ts";
import type { SavedWork } from "../handover.ts";

export interface SaveNeeds extends StepBasics<SaveField>, Pick<StepWorkspace, "paths" | "place">, SecretSearch {}

/** Commit uncommitted changes in the run's workspace, and return to its branch if the agent has left it. */
export async function save(run: SaveNeeds, more: Pick<SaveOptions, "onConflicts"> = {}): Promise<SavedWork> {
  const place = run.place;
  const saved = await saveWork({
    ...run.paths,
    ...more,
    place,
    baseSha: run.record.state.branch.base ?? "",
    message: `Work on #${run.issue.ref.number} that was not committed yet`,
  });
  const head = await onItsBranch(run, saved);
  // Written only now, because the save must not wait for an unreachable Redis.
  const unsaved = listLeftOut(saved.unsaved);
  const added = saved.added.length === 0 ? null : nameMore(run.record.state.work.autoCommitted, saved.added);
  const changed = unsaved !== null || run.record.state.work.uncommitted !== null;
  if (changed || added !== null)
    await run.record.write({ "work.uncommitted": unsaved, ...(added === null ? {} : { "work.autoCommitted": added }) });
  if (unsaved !== null)
    run.log.warn({ unsaved }, "some uncommitted files of the agent were not committed: they stay in the workspace");
  return { head };
}

/** Return to the branch if the agent has left it. @returns the commit of the workspace afterwards */
async function onItsBranch(run: SaveNeeds, saved: Awaited<ReturnType<typeof saveWork>>): Promise<string> {
  const place = run.place;
  const branch = run.record.state.branch.name;
  if (branch === null || saved.branch === branch) return saved.head;
  const headOfAgent = saved.before ?? saved.head;
  const { head, quarantined } = await backToBranch({
    ...run.paths,
    place,
    branch,
    headOfAgent,
    head: saved.head,
    quarantineSuffix: run.id,
  });
  if (head !== saved.head)
    run.log.warn(
      { branch, left: headOfAgent, quarantined },
      "the agent ended outside its branch: returned the workspace to the branch",
    );
  return head;
}
