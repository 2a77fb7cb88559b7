import type { StopCause } from "../agent/types.ts";

/** Somebody wants the run to end before it is done. The first cause wins. */
export class Halted extends Error {
  readonly halt: StopCause;
  constructor(halt: StopCause, reason: string) {
    super(reason);
    this.name = "Halted";
    this.halt = halt;
  }
}

/**
 * Two signals of one run. `halt`: end the agent and what is before it, then save and report. `lost`: the issue is
 * somebody else's now, or time is up: let go of everything at once and write nothing more.
 */
export class HaltSwitch {
  readonly #halt = new AbortController();
  readonly #lost = new AbortController();

  get halt(): AbortSignal {
    return this.#halt.signal;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The cause that won; null while nobody wants an end. */
  get cause(): Halted | null {
    const reason: unknown = this.#halt.signal.reason;
    return reason instanceof Halted ? reason : null;
  }

  request(cause: StopCause, reason: string): void {
    const halted = new Halted(cause, reason);
    if (!this.#halt.signal.aborted) this.#halt.abort(halted);
    if (cause === "lost") this.#lost.abort(halted);
  }

  /** The runner cannot wait any longer. */
  abandon(): void {
    this.request("shutdown", "the runner is shutting down");
    this.#lost.abort(new Halted("shutdown", "the runner had no more time to wait"));
  }
}
