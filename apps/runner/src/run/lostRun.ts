import { DelayedError, type Job } from "bullmq";
import type { LostRun } from "@tac8/core/state/issueStore";

const AGAIN_MS = 100;

export interface Place {
  readonly job: Pick<Job, "moveToDelayed">;
  /** Of the job's lock. */
  readonly token: string;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * A run was told that it has lost its place. Where its job's lock is ours all the same, it was its own last write that had let
 * go of the place, and Redis' answer to it was lost: the client sent it once more. The next pick-up then finds what was written.
 * To BullMQ this would be a failed attempt of an issue that may have ended well.
 */
export async function goOnAfter(lost: LostRun, { job, token, now }: Place): Promise<never> {
  try {
    await job.moveToDelayed(now + AGAIN_MS, token);
  } catch {
    throw lost; // Somebody else has the job.
  }
  throw new DelayedError();
}
