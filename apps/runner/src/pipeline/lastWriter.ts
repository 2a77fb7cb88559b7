import { LostRun, type IssueStore } from "@tac8/core/state/issueStore";
import type { LastWriter } from "./apply.ts";
import type { Run } from "./run.ts";
import type { LastWrite } from "../run/lastWrite.ts";

/** Patch that clears the run's id in the record. */
const NO_RUN = { "run.id": null, "run.runner": null } as const;

/** Return the writer for a job that got no run. Its record may belong to another run. */
export function writerWithoutRun(store: IssueStore, jobId: string): LastWriter {
  return {
    async write({ patch }) {
      await store.writeIf(jobId, {}, patch);
    },
    clearRunId: async () => undefined,
  };
}

/**
 * Return the writer for a run. If it has to write the status comment, the last write has two parts, and the comment is written between
 * them. The second part clears the run's id. The run writes nothing afterwards.
 */
export function writerOf(
  run: Pick<Run, "id" | "jobId" | "services" | "record" | "comment" | "haltSwitch" | "log">,
): LastWriter {
  return {
    async write({ patch, event, status }) {
      if (status === undefined) return run.record.writeLast({ ...patch, ...NO_RUN }, event);
      await run.record.writeLast(patch, event);
      await show(run, status);
      await run.record.writeLast(NO_RUN);
    },
    // Not with `run.record`, because a lost run can no longer write with it.
    clearRunId: () => run.services.store.write(run.jobId, run.id, NO_RUN),
  };
}

async function show(
  run: Pick<Run, "comment" | "haltSwitch" | "log">,
  { state, reason }: NonNullable<LastWrite["status"]>,
): Promise<void> {
  try {
    await run.comment.show(state, reason);
  } catch (error) {
    if (error instanceof LostRun || run.haltSwitch.halted?.halt === "lost") throw error;
    run.log.warn({ err: error }, "could not update the status comment: the next change of the state updates it");
  }
}
