import type { EventDescription, NewEvent } from "@tac8/core/domain/events";
import type { Logger } from "@tac8/core/log/logger";
import { applyPatch, type IssuePatch, type IssueRecord, type RecordPath } from "@tac8/core/state/issueState";
import { LostRun, type IssueStore } from "@tac8/core/state/issueStore";
import type { HaltSwitch } from "./halt.ts";
import type { PatchOf } from "./owners.ts";
import type { Progress } from "./progress.ts";
import { whenThereIsRoom } from "./refusal.ts";

/** The issue's record for a step, which can read every field and write its own fields. */
export interface StepRecord<F extends RecordPath> {
  /** State of the record after the last write of this run. */
  readonly state: IssueRecord;
  /** Write fields, and for a new `state` its event. @throws LostRun if another run has taken over */
  readonly write: (patch: PatchOf<F>, event?: EventDescription) => Promise<void>;
  /** Write fields, and an event without a change of the issue's state. @throws LostRun if another run has taken over */
  readonly writeEvent: (patch: PatchOf<F>, event: EventDescription) => Promise<void>;
  /** Check that the run still has the issue. Called before every effect outside Redis. @throws LostRun if another run has taken over */
  readonly assertLive: () => Promise<void>;
  /** Check without a request to Redis that the run has not lost the issue. @throws the reason why the issue may not be changed any more */
  readonly throwIfLost: () => void;
}

export interface RecordOptions {
  readonly store: IssueStore;
  readonly jobId: string;
  /** Id of the run. */
  readonly run: string;
  /** `<host>/<slot>`, for display. */
  readonly runner: string;
  /** The record after the run has claimed it. */
  readonly state: IssueRecord;
  readonly haltSwitch: HaltSwitch;
  /** Borrowed. */
  readonly progress: Progress;
  readonly log: Logger;
  readonly now: () => number;
  /** Remove secrets. An agent's text may have the key of its own API, and is shown on the board, in `tasks.md` and on GitHub. */
  readonly redact: (text: string) => string;
}

/** The record of a run's issue. The run writes it only through this class. */
export class RunRecord implements StepRecord<RecordPath> {
  readonly #options: RecordOptions;
  #state: IssueRecord;

  constructor(options: RecordOptions) {
    this.#options = options;
    this.#state = options.state;
  }

  get state(): IssueRecord {
    return this.#state;
  }

  throwIfLost(): void {
    this.#options.haltSwitch.abandon.throwIfAborted();
  }

  async assertLive(): Promise<void> {
    const { store, jobId, run } = this.#options;
    this.throwIfLost();
    const [live] = await store.readFacts([jobId], ["run.id"]);
    if (live?.run.id !== run) throw new LostRun(jobId, run);
  }

  async write(patch: IssuePatch, event?: EventDescription): Promise<void> {
    this.throwIfLost();
    await this.#writeDated(patch, event);
  }

  async writeEvent(patch: IssuePatch, event: EventDescription): Promise<void> {
    this.throwIfLost();
    await this.#put(patch, this.#entry(event));
  }

  /**
   * Write fields even if the runner has no time left, so that the end of a run is always recorded.
   * @throws LostRun, or the signal's reason, if the run has lost the job
   */
  async writeLast(patch: IssuePatch, event?: EventDescription): Promise<void> {
    const { halted } = this.#options.haltSwitch;
    if (halted?.halt === "lost") throw halted;
    await this.#writeDated(patch, event);
  }

  async #writeDated(patch: IssuePatch, event?: EventDescription): Promise<void> {
    const since = patch.since ?? new Date(this.#options.now()).toISOString();
    const dated = (patch.state ?? null) === null ? patch : { ...patch, since };
    await this.#put(dated, event === undefined ? undefined : this.#entry(event));
  }

  async #put(patch: IssuePatch, entry: NewEvent | undefined): Promise<void> {
    const { store, jobId, run, haltSwitch, log, progress } = this.#options;
    const full = this.#redacted(patch);
    await whenThereIsRoom(() => store.write(jobId, run, full, entry), { signal: haltSwitch.abandon, log });
    this.#state = applyPatch(this.#state, full);
    progress.at(this.#state.checkpoint);
  }

  #entry(description: EventDescription): NewEvent {
    const { jobId: issue, run, runner, redact } = this.#options;
    const reason = redact(description.reason);
    const evidence = { run, ...description.evidence };
    // The caller gives the facts of the event. Only the run is added.
    return {
      ...description,
      reason,
      evidence,
      issue,
      from: this.#state.state ?? "",
      by: `runner ${runner}`,
    } as NewEvent;
  }

  #redacted(patch: IssuePatch): IssuePatch {
    const { redact } = this.#options;
    const words = ["work.summary", "question.text", "end.reason"] as const;
    const clean = words.flatMap((name) => (typeof patch[name] === "string" ? [[name, redact(patch[name])]] : []));
    return { ...patch, ...(Object.fromEntries(clean) as IssuePatch) };
  }
}
