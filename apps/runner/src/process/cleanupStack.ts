/** What has to be closed again, the last opened first. `AsyncDisposableStack` is this, but comes with Node 24 only. */
export class CleanupStack implements AsyncDisposable {
  #steps: (() => unknown)[] = [];

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
  async close(): Promise<void> {
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
