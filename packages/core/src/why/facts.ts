import type { BreakerState } from "../domain/breaker.ts";
import type { Hold } from "../domain/holds.ts";
import type { Pause } from "../domain/pause.ts";
import type { IssueRef } from "../domain/reference.ts";
import type { IssueResult, IssueEvent } from "../github/types.ts";
import type { JobState } from "../status/shownState.ts";
import type { LoggedEvent } from "../domain/events.ts";
import type { IssueRecord } from "../state/issueState.ts";
import type { RunnerPresence, SchedulerPresence } from "../state/presence.ts";

/** The issue's job in BullMQ. Times are epoch ms. */
export interface JobFacts {
  /** Null: the job is in none of the queue's lists, because it is being moved or is lost. */
  readonly state: JobState | null;
  readonly title: string;
  readonly url: string;
  /** Number of jobs ahead of it; null: it does not wait for a slot, or there are too many to count. */
  readonly ahead: number | null;
  /** BullMQ's number: 1 and 2 are P0, 3 and 4 are P1, 5 and 6 are P2. */
  readonly priority: number;
  /** End of the delay of a delayed job; null: it is not delayed. */
  readonly until: number | null;
  /** Used attempts, and the maximum number of attempts. */
  readonly attemptsMade: number;
  readonly maxAttempts: number;
  /** Remaining time of its runner's lock, in ms; null: there is no lock. */
  readonly lockMs: number | null;
}

export type GitHubFacts =
  /** `because`: a clause, such as `there is no GitHub token here`. */
  | { readonly asked: false; readonly because: string }
  | {
      readonly asked: true;
      readonly issue: IssueResult;
      /** Newest event of the label; null: the issue does not have the label, or GitHub did not report the event. */
      readonly label: IssueEvent | null;
      /** Whether labels of the account that added it count; null: unknown. */
      readonly mayLabel: boolean | null;
    };

/** All facts for the explanation of an issue's state: a snapshot of one moment. */
export interface WhyFacts {
  /** Epoch ms. */
  readonly now: number;
  readonly ref: IssueRef;
  /** The record of the issue. */
  readonly record: IssueRecord;
  readonly job: JobFacts | null;
  /** Holds that have not ended: of the whole queue, and of this repository. */
  readonly holds: readonly Hold[];
  readonly queue: {
    readonly paused: boolean;
    readonly active: number;
    /** The limit on concurrent runs in the queue; null: none. */
    readonly limit: number | null;
  };
  readonly breaker: BreakerState;
  /** All runners that have announced themselves, including offline ones. */
  readonly runners: readonly RunnerPresence[];
  /** Pauses by the runner's id, see state/pause.ts. */
  readonly pauses: ReadonlyMap<string, Pause>;
  readonly scheduler: SchedulerPresence | null;
  /** Epoch ms from which issues of the repository may be queued; null: not known yet. */
  readonly addFrom: number | null;
  /** Events of the issue, newest first. readWhy.ts limits how far back they go. */
  readonly events: readonly LoggedEvent[];
  readonly github: GitHubFacts;
  readonly settings: WhySettings;
}

export interface WhySettings {
  /** The label that starts work. */
  readonly label: string;
  readonly pollSeconds: number;
  /** Time for which a question stays open. */
  readonly blockedExpiresMs: number;
}
