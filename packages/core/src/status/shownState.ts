import { isEnded, type IssueState } from "../domain/states.ts";

/** BullMQ's states of a job, as far as ours come into them; the most alive first. */
export const JOB_STATES = ["active", "waiting", "prioritized", "delayed", "failed", "completed"] as const;
export type JobState = (typeof JOB_STATES)[number];

/**
 * The state for people. BullMQ knows where the job is; the hash knows why, and is a moment behind when a job is taken or
 * put back (by Bull Board, say).
 */
export function shownState(job: JobState, known: IssueState | null): IssueState {
  switch (job) {
    case "active":
      return "running";
    case "waiting":
    case "prioritized":
      return known === "retrying" || known === "parked" ? known : "queued";
    case "delayed":
      return known === "blocked" || known === "retrying" ? known : "parked";
    case "failed":
      return known !== null && isEnded(known) ? known : "failed";
    case "completed":
      return known !== null && isEnded(known) ? known : "pr";
    default:
      return job satisfies never;
  }
}
