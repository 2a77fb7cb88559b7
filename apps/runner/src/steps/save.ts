import type { RunContext } from "../run/context.ts";
import { saveWork, type Saved } from "../workspace/save.ts";

/** Commits what is not committed yet in the run's workspace. */
export async function save(run: RunContext): Promise<Saved> {
  const saved = await saveWork({
    tree: run.paths.tree,
    side: run.agentSide(),
    baseSha: run.state.baseSha ?? "",
    message: `Work on #${run.ref.number} that was not committed yet`,
  });
  if (saved.unsaved.length > 0) {
    run.log.warn({ unsaved: saved.unsaved }, "folders that are repositories of their own were not saved");
  }
  return saved;
}
