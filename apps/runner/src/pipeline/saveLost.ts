import { LostRun } from "@tac8/core/state/issueStore";
import type { RunContext } from "../run/context.ts";
import { publishSaved } from "../steps/publish/publish.ts";
import { save } from "../steps/save/save.ts";

/**
 * Saves what lost runs left in the workspace to the branch, before the issue ends. Tried once: the end is in the
 * hash already, so that a run that is lost here is not the next one's trouble. The reason says what could not be saved.
 */
export async function saveLost(run: RunContext): Promise<void> {
  const { agentRun, checkpoint, sessionHome } = run.state;
  if (checkpoint === "none" || agentRun === null) return; // No agent has left anything.
  if (sessionHome !== run.services.homeId || (await run.place().stat(run.paths.tree)) === null) return;
  if (await isSaved(run)) return;
  const { reason, runner } = run.state;
  await run.write({
    reason: `${reason ?? "failed"} (the work so far is only in its workspace on ${runner ?? "its runner"})`,
  });
}

async function isSaved(run: RunContext): Promise<boolean> {
  try {
    const saved = await save(run);
    await run.write({ headSha: saved.head });
    return await publishSaved(run, saved);
  } catch (error) {
    run.switch.lost.throwIfAborted();
    if (error instanceof LostRun) throw error;
    run.log.warn({ err: error }, "what the lost run left could not be saved; it is kept in its workspace");
    return false;
  }
}
