import type { BreakerState } from "../domain/breaker.ts";
import type { Hold } from "../domain/holds.ts";
import type { Pause } from "../domain/pause.ts";
import type { IssueRef } from "../domain/reference.ts";
import type { IssueAnswer, IssueEvent } from "../github/types.ts";
import type { JobState } from "../status/shownState.ts";
import type { LoggedEvent } from "../domain/events.ts";
import type { IssueRecord } from "../state/issueState.ts";
import type { RunnerPresence, SchedulerPresence } from "../state/presence.ts";

/** The issue's job as BullMQ has it. Times are epoch ms. */
export interface JobFacts {
  /** Null: in none of the queue's lists; it moves, or is lost. */
  readonly state: JobState | null;
  readonly title: string;
  readonly url: string;
  /** Jobs that are taken before it; null: it does not wait for a slot, or they are too many to count. */
  readonly ahead: number | null;
  /** BullMQ's number: 1 and 2 are P0, 3 and 4 are P1, 5 and 6 are P2. */
  readonly priority: number;
  /** Of a delayed one. */
  readonly until: number | null;
  /** Attempts that were burnt, and how many there may be. */
  readonly attemptsMade: number;
  readonly maxAttempts: number;
  /** How long its runner's lock still lasts, in ms; null: nobody has one. */
  readonly lockMs: number | null;
}

export type GitHubFacts =
  /** `because`: a clause, such as `there is no GitHub token here`. */
  | { readonly asked: false; readonly because: string }
  | {
      readonly asked: true;
      readonly issue: IssueAnswer;
      /** Who put the label on last; null: it is not on, or GitHub did not report. */
      readonly label: IssueEvent | null;
      /** May that user start work? Null: not known. */
      readonly mayStart: boolean | null;
    };

/** Everything that is checked to explain why an issue is in its state: one moment's snapshot. */
export interface WhyFacts {
  /** Epoch ms. */
  readonly now: number;
  readonly ref: IssueRef;
  /** The issue's hash. */
  readonly issue: IssueRecord;
  readonly job: JobFacts | null;
  /** Those that are not over: of the whole queue, and of this repository. */
  readonly holds: readonly Hold[];
  readonly queue: {
    readonly paused: boolean;
    readonly active: number;
    /** The whole queue's limit, where there is one. */
    readonly limit: number | null;
  };
  readonly breaker: BreakerState;
  /** Everything that ever announced themselves; those not seen lately are not there. */
  readonly runners: readonly RunnerPresence[];
  /** By the runner's id, see state/pause.ts. */
  readonly pauses: ReadonlyMap<string, Pause>;
  readonly scheduler: SchedulerPresence | null;
  /** From when on (epoch ms) issues of the repository may be added; null: not known yet. */
  readonly addFrom: number | null;
  /** The issue's own, newest first: see readWhy.ts for how far back. */
  readonly events: readonly LoggedEvent[];
  readonly github: GitHubFacts;
  readonly settings: WhySettings;
}

export interface WhySettings {
  /** The trigger. */
  readonly label: string;
  readonly pollSeconds: number;
  /** How long a question stays open. */
  readonly blockedExpiresMs: number;
}
