import { isEnded, type IssueState } from "../domain/states.ts";

/** The BullMQ states that tac8's jobs can have; running and waiting ones first. */
export const JOB_STATES = ["active", "waiting", "prioritized", "delayed", "failed", "completed"] as const;
export type JobState = (typeof JOB_STATES)[number];

/**
 * Return the state to display. BullMQ has the list that the job is in, and the record has the reason. The record is briefly out of date when a
 * runner receives a job, or when Bull Board queues one again.
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
