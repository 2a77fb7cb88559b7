import type { JobResult } from "@tac8/core/queue/contract";
import type { Hold } from "@tac8/core/domain/holds";
import type { LastWrite } from "../run/lastWrite.ts";

/** Decision about a job at the end of a run, or if it gets no run. Only `apply` carries it out and moves the job. */
export type Disposition =
  /** In BullMQ the job is completed. */
  | ({ readonly do: "complete"; readonly result: JobResult } & BeforeJobMoves)
  /** In BullMQ the job has failed, without any attempts left. */
  | ({ readonly do: "fail"; readonly reason: string } & BeforeJobMoves)
  /** In BullMQ the job is delayed, and one attempt is used. */
  | ({ readonly do: "retry"; readonly delayMs: number; readonly reason: string } & BeforeJobMoves)
  | Requeue
  /** Another run has the issue, or the job's lock could not be renewed. The job is delayed if this runner still has its lock. */
  | { readonly do: "release"; readonly lost: Error };

/** Disposition of a job that this runner still has. */
export type OwnJobDisposition = Exclude<Disposition, { readonly do: "release" }>;

/** In BullMQ the job is delayed, and no attempt is used. */
export interface Requeue extends BeforeJobMoves {
  readonly do: "requeue";
  /** Epoch ms. */
  readonly until: number;
  /** Reason, for tests. */
  readonly because: string;
  /** Reason for which the job was deferred. The scheduler offers the job again when this reason may no longer apply. */
  readonly deferredBecause?: string;
}

/** Changes that `apply` writes before BullMQ moves the job, in this order. */
export interface BeforeJobMoves {
  readonly hold?: HoldChange;
  /** Last write to the record, which also clears the run's id. */
  readonly lastWrite?: LastWrite;
  /** After the delay, the job goes before new work of the same priority. */
  readonly beforeNewWork?: boolean;
}

export type HoldChange =
  | { readonly begin: Omit<Hold, "credentials"> }
  | { readonly end: string; readonly by: string; readonly reason: string }
  /** The whole queue is held, but not paused yet. */
  | { readonly pause: true };
