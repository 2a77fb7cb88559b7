import { LostRun } from "@tac8/core/state/issueStore";
import { publishNeeds, saveNeeds } from "./needs.ts";
import { agentRanHere } from "../run/agentRanHere.ts";
import type { Run } from "./run.ts";
import { publishSaved } from "../steps/publish/publishSaved.ts";
import { save } from "../steps/save/save.ts";

/**
 * Push the work that lost runs left in the workspace to the branch, before the issue ends. This is tried once: the end is
 * already in the record, so the next run does not repeat the save if this run is lost too. The end's reason says what was not saved.
 */
export async function saveLost(run: Run): Promise<void> {
  const { checkpoint, agent } = run.record.state;
  if (checkpoint === "none" || agent.run === null) return; // No agent has started.
  if (
    !agentRanHere(run.record.state, run.services.dataFolderId) ||
    (await run.agentSide.place({ signal: run.haltSwitch.abandon }).stat(run.paths.tree)) === null
  )
    return;
  if (await isSaved(run)) return;
  const { reason } = run.record.state.end;
  const { runner } = run.record.state.run;
  await run.record.write({
    "end.reason": `${reason ?? "failed"} (the work so far is only in its workspace on ${runner ?? "its runner"})`,
  });
}

async function isSaved(run: Run): Promise<boolean> {
  try {
    const saved = await save(saveNeeds(run));
    await run.record.write({ "branch.head": saved.head });
    return await publishSaved(publishNeeds(run), saved);
  } catch (error) {
    run.haltSwitch.abandon.throwIfAborted();
    if (error instanceof LostRun) throw error;
    run.log.warn({ err: error }, "could not push the work of a lost run to its branch: it is kept in its workspace");
    return false;
  }
}
