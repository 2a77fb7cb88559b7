import type { RunContext } from "../run/context.ts";
import { saveWork, type Saved } from "../workspace/save.ts";

/** The first of them are enough to find the others by. */
const MAX_UNSAVED = 20;

/** Commits what is not committed yet in the run's workspace. */
export async function save(run: RunContext): Promise<Saved> {
  const saved = await saveWork({
    ...run.paths,
    side: run.agentSide(),
    baseSha: run.state.baseSha ?? "",
    message: `Work on #${run.ref.number} that was not committed yet`,
  });
  const unsaved = saved.unsaved.length > 0 ? saved.unsaved.slice(0, MAX_UNSAVED) : null;
  if (unsaved !== null || run.state.unsaved !== null) await run.write({ unsaved });
  if (unsaved !== null) {
    run.log.warn({ unsaved }, "folders that are repositories of their own were not saved");
  }
  return saved;
}
