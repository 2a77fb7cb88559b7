import type { FailureKind } from "@tac8/core/domain/failures";
import type { IssueFields, IssuePatch } from "@tac8/core/state/issueState";
import type { StopCause } from "../agent/types.ts";

/** Somebody wants the run to end before it is done. The first cause wins. */
export class Halted extends Error {
  override readonly name = "Halted";
  readonly halt: StopCause;
  /** How the issue fails by it; null: it does not. */
  readonly failure: FailureKind | null;
  constructor(halt: StopCause, reason: string, failure: FailureKind | null = null) {
    super(reason);
    this.halt = halt;
    this.failure = failure;
  }
}

/** The end of an issue that a halt is, by the run that it ended. Pure. */
export function endByHalt(
  { message: reason, failure }: Halted,
  outcome: "stopped" | "cancelled",
  run: string,
): IssuePatch {
  const end = { outcomeRun: run, reason };
  return failure === null ? { ...end, outcome } : { ...end, outcome: "failed", failure };
}

/**
 * Signals of one run. `halt`: end the agent and what is before it, then save and report. `kill`: the same, but the agent is
 * given no time. `lost`: the issue is somebody else's now, or time is up: let go of everything at once and write nothing more.
 */
export class HaltSwitch {
  readonly #halt = new AbortController();
  readonly #kill = new AbortController();
  readonly #lost = new AbortController();

  get halt(): AbortSignal {
    return this.#halt.signal;
  }

  get kill(): AbortSignal {
    return this.#kill.signal;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The cause that won; null while nobody wants an end. */
  get cause(): Halted | null {
    const reason: unknown = this.#halt.signal.reason;
    return reason instanceof Halted ? reason : null;
  }

  request(cause: StopCause, reason: string, failure: FailureKind | null = null): void {
    const halted = new Halted(cause, reason, failure);
    if (!this.#halt.signal.aborted) this.#halt.abort(halted);
    if (cause === "lost") this.#lost.abort(halted);
  }

  /** What the hash commands; again and again, as a person may lose patience with an agent that is being stopped. */
  obey({ cancel, stop, stopMode }: Pick<IssueFields, "cancel" | "stop" | "stopMode">): void {
    // First: who hears of the halt asks for it.
    if (stop !== null && stopMode === "kill" && !this.#kill.signal.aborted) this.#kill.abort();
    if (cancel !== null) this.request("cancelled", cancel);
    else if (stop !== null) this.request("stopped", stop);
  }

  /** The runner cannot wait any longer. */
  abandon(): void {
    this.request("shutdown", "the runner is shutting down");
    this.#lost.abort(new Halted("shutdown", "the runner had no more time to wait"));
  }
}
