import { LostRun, type IssueStore } from "@tac8/core/state/issueStore";
import { showStatus } from "../issue/statusComment.ts";
import type { LastWriter } from "./apply.ts";
import type { RunContext } from "../run/context.ts";
import type { LastWrite } from "../run/lastWrite.ts";

const FREE = { run: null, runner: null } as const;

/** Of a job that got no run: its record may be another run's. */
export function writerWithoutRun(store: IssueStore, jobId: string): LastWriter {
  return {
    async write({ patch }) {
      await store.writeIf(jobId, {}, patch);
    },
    clear: async () => undefined,
  };
}

/** Of a run: its id is cleared last, and no write comes after that. */
export function writerOf(run: RunContext): LastWriter {
  return {
    async write({ patch, event, status }) {
      if (status === undefined) return run.writeLast({ ...patch, ...FREE }, event);
      await run.writeLast(patch, event);
      await show(run, status);
      await run.writeLast(FREE);
    },
    // Not by the run's own write, which a lost run has no more.
    clear: () => run.services.store.write(run.jobId, run.id, FREE),
  };
}

async function show(run: RunContext, { state, reason }: NonNullable<LastWrite["status"]>): Promise<void> {
  try {
    await showStatus(run, state, reason);
  } catch (error) {
    if (error instanceof LostRun || run.switch.cause?.halt === "lost") throw error;
    run.log.warn({ err: error }, "could not show on the issue how it stands");
  }
}
