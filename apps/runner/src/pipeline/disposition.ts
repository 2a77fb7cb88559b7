import type { JobResult } from "@tac8/core/queue/contract";
import type { Hold } from "@tac8/core/domain/holds";
import type { LastWrite } from "../run/lastWrite.ts";

/** What becomes of a job at the end of a run, or without one. `apply` acts on it, and nothing else moves a job. */
export type Disposition =
  /** BullMQ: completed. */
  | ({ readonly do: "complete"; readonly result: JobResult } & Before)
  /** BullMQ: failed, and no attempt is left. */
  | ({ readonly do: "fail"; readonly reason: string } & Before)
  /** BullMQ: an attempt is burnt; delayed. */
  | ({ readonly do: "retry"; readonly delayMs: number; readonly reason: string } & Before)
  | Requeue
  /** Another run has the issue, or the job's lock could not be renewed: delayed if the job is still ours, else nothing. */
  | { readonly do: "release"; readonly lost: Error };

/** What this runner decides of a job that it has. */
export type Decided = Exclude<Disposition, { readonly do: "release" }>;

/** BullMQ: delayed, and no attempt is burnt. */
export interface Requeue extends Before {
  readonly do: "requeue";
  /** Epoch ms. */
  readonly until: number;
  /** For the log and for tests. */
  readonly because: string;
  /** Reason that the scheduler offers the job again for, once there may be a place for it. */
  readonly offer?: string;
}

/** What is done before BullMQ is told, in this order. */
export interface Before {
  readonly hold?: HoldChange;
  /** The run's id is cleared with it. */
  readonly record?: LastWrite;
  /** When the job comes back, it goes before new work of its priority. */
  readonly isFirst?: boolean;
}

export type HoldChange =
  | { readonly begin: Omit<Hold, "credentials"> }
  | { readonly end: string; readonly by: string; readonly reason: string }
  /** A hold of the whole queue is there, and the queue is not paused yet. */
  | { readonly pause: true };
