import { LostRun, type IssueStore } from "@tac8/core/state/issueStore";
import type { LastWriter } from "./apply.ts";
import type { Run } from "./run.ts";
import type { LastWrite } from "../run/lastWrite.ts";

const FREE = { "run.id": null, "run.runner": null } as const;

/** Return the writer for a job that got no run. Its record may belong to another run. */
export function writerWithoutRun(store: IssueStore, jobId: string): LastWriter {
  return {
    async write({ patch }) {
      await store.writeIf(jobId, {}, patch);
    },
    clear: async () => undefined,
  };
}

/**
 * Return the writer for a run. If it has to write the status comment, the last write has two parts, and the comment is written between
 * them. The second part clears the run's id. The run writes nothing afterwards.
 */
export function writerOf(
  run: Pick<Run, "id" | "jobId" | "services" | "record" | "comment" | "halts" | "log">,
): LastWriter {
  return {
    async write({ patch, event, status }) {
      if (status === undefined) return run.record.writeLast({ ...patch, ...FREE }, event);
      await run.record.writeLast(patch, event);
      await show(run, status);
      await run.record.writeLast(FREE);
    },
    // Not with the run's own write, because a lost run can no longer write.
    clear: () => run.services.store.write(run.jobId, run.id, FREE),
  };
}

async function show(
  run: Pick<Run, "comment" | "halts" | "log">,
  { state, reason }: NonNullable<LastWrite["status"]>,
): Promise<void> {
  try {
    await run.comment.show(state, reason);
  } catch (error) {
    if (error instanceof LostRun || run.halts.cause?.halt === "lost") throw error;
    run.log.warn({ err: error }, "could not update the status comment: the next change of the state updates it");
  }
}
