import type { Queue } from "bullmq";
import { isEnded } from "@tac8/core/domain/states";
import type { IssueStore } from "@tac8/core/state/issueStore";
import type { IssueUse } from "./plan.ts";

export interface IssueSource {
  readonly store: Pick<IssueStore, "read">;
  readonly queue: Pick<Queue, "getJobState">;
}

/** Return `ended` only if record and queue agree that no process works on the issue, or is about to. */
export async function useOf({ store, queue }: IssueSource, jobId: string): Promise<IssueUse> {
  const {
    state,
    run: { id: run },
    since,
  } = await store.read(jobId);
  if (state === null) return { use: "unknown" };
  const at = Date.parse(since ?? "");
  if (!isEnded(state) || run !== null || Number.isNaN(at)) return { use: "live" };
  const job = await queue.getJobState(jobId);
  return job === "completed" || job === "failed" || job === "unknown" ? { use: "ended", since: at } : { use: "live" };
}
