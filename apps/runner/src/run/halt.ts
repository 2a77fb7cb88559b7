import type { FailureKind } from "@tac8/core/domain/failures";
import type { IssuePatch, RecordPart } from "@tac8/core/state/issueState";
import type { HaltCause } from "../agent/types.ts";

/**
 * Request to end a run before it is done: a user's stop, an edit of the issue that stops the work, a closed issue, the runner's
 * shutdown, or a lost job. The first cause wins.
 */
export class Halted extends Error {
  override readonly name = "Halted";
  readonly halt: HaltCause;
  /** Failure with which the issue ends; null: the issue does not fail. */
  readonly failure: FailureKind | null;
  constructor(halt: HaltCause, reason: string, failure: FailureKind | null = null) {
    super(reason);
    this.halt = halt;
    this.failure = failure;
  }
}

/** Return the end of an issue whose run was halted. Pure. */
export function endByHalt(
  { message: reason, failure }: Halted,
  outcome: "stopped" | "cancelled",
  run: string,
): IssuePatch {
  const end = { "end.run": run, "end.reason": reason };
  return failure === null
    ? { ...end, "end.outcome": outcome }
    : { ...end, "end.outcome": "failed", "end.failure": failure };
}

/** Called with the first cause. Called again with `atOnce` when the agent must end without any further time. */
export type OnHalt = (halt: { readonly cause: HaltCause; readonly atOnce: boolean }) => void;

/**
 * The two signals of one run. `halt`: end the agent and the steps before it, then save and report. `abandon`: another run has the issue,
 * or time is up, so release everything at once and write nothing more.
 */
export class HaltSwitch {
  readonly #halt = new AbortController();
  readonly #abandon = new AbortController();
  readonly #watchers = new Set<() => void>();
  #atOnce = false;

  get halt(): AbortSignal {
    return this.#halt.signal;
  }

  get abandon(): AbortSignal {
    return this.#abandon.signal;
  }

  /** The first request to end the run; null: there was none. */
  get halted(): Halted | null {
    const reason: unknown = this.#halt.signal.reason;
    return reason instanceof Halted ? reason : null;
  }

  /** Whether the agent is given no time to end by itself. A slow halt that is under way can become an immediate one. */
  get atOnce(): boolean {
    return this.#atOnce || this.#abandon.signal.aborted;
  }

  /** Call `onHalt` for each change, and immediately if the run is already halted. @returns a function that ends the watch */
  watch(onHalt: OnHalt): () => void {
    const notify = (): void => {
      const { halted } = this;
      if (halted !== null) onHalt({ cause: this.#abandon.signal.aborted ? "lost" : halted.halt, atOnce: this.atOnce });
    };
    this.#watchers.add(notify);
    notify();
    return () => void this.#watchers.delete(notify);
  }

  request(cause: HaltCause, reason: string, failure: FailureKind | null = null): void {
    this.#change(new Halted(cause, reason, failure), { abandon: cause === "lost" });
  }

  /** Obey the command in the record. Called repeatedly, because a user may demand that a slow stop becomes immediate. */
  obey({
    command: { cancel, stop, stopMode },
  }: RecordPart<"command.cancel" | "command.stop" | "command.stopMode">): void {
    const atOnce = stop !== null && stopMode === "kill";
    if (cancel !== null) this.#change(new Halted("cancelled", cancel), { atOnce });
    else if (stop !== null) this.#change(new Halted("stopped", stop), { atOnce });
  }

  /** End the run immediately, because the runner cannot wait any longer. */
  endOutOfTime(): void {
    this.request("shutdown", "the runner is shutting down");
    this.#change(new Halted("shutdown", "the runner had no more time to wait"), { abandon: true });
  }

  #change(
    halted: Halted,
    { atOnce = false, abandon = false }: { readonly atOnce?: boolean; readonly abandon?: boolean },
  ): void {
    const isNews =
      !this.#halt.signal.aborted || (atOnce && !this.#atOnce) || (abandon && !this.#abandon.signal.aborted);
    // Set first, because watchers that are notified of the halt read it.
    this.#atOnce ||= atOnce;
    if (!this.#halt.signal.aborted) this.#halt.abort(halted);
    if (abandon && !this.#abandon.signal.aborted) this.#abandon.abort(halted);
    if (isNews) for (const notify of this.#watchers) notify();
  }
}
