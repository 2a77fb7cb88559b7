/** Cleanup steps, run last in, first out. `AsyncDisposableStack` does the same, but needs Node 24. */
export class CleanupStack implements AsyncDisposable {
  #steps: (() => unknown)[] = [];
  #closing: Promise<void> | null = null;

  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Move all steps to a new stack, so that the end of this stack's scope runs none of them. */
  move(): CleanupStack {
    const moved = new CleanupStack();
    moved.#steps = this.#steps;
    this.#steps = [];
    return moved;
  }

  /** Run every step, one after the other, even if some of them fail. Idempotent. @throws AggregateError with the failures */
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
