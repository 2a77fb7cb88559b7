/** Cleanup steps, run last in, first out. `AsyncDisposableStack` does the same, but needs Node 24. */
export class CleanupStack implements AsyncDisposable {
  #steps: (() => unknown)[] = [];
  #closing: Promise<void> | null = null;

  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Moves all steps to a new stack, so that the end of this one's scope runs none of them. */
  move(): CleanupStack {
    const moved = new CleanupStack();
    moved.#steps = this.#steps;
    this.#steps = [];
    return moved;
  }

  /** Runs every step, one after the other, whatever fails. Idempotent. @throws AggregateError of what failed */
  close(): Promise<void> {
    this.#closing ??= this.#runAll();
    return this.#closing;
  }

  async #runAll(): Promise<void> {
    const errors: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `closing failed: ${errors.map(String).join("; ")}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
