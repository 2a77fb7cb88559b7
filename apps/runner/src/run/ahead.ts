/** A task that was started before its result is needed. */
export interface Ahead<T> extends AsyncDisposable {
  /** Wait for the result. `signal` ends the task, which is still waited for. @throws the error of the task */
  result(signal: AbortSignal): Promise<T>;
}

/**
 * Start a task now, whose result is needed later. It gets a signal that is aborted when `signal` is, and when its result is no
 * longer needed: at the end of the scope (`await using`) it is ended, and waited for, so nothing continues behind the caller's back. An
 * error of the task is thrown only to the one who waits for its result.
 */
export function startAhead<T>(signal: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Ahead<T> {
  const needless = new AbortController();
  const either = AbortSignal.any([signal, needless.signal]);
  const running = (async () => task(either))();
  running.catch(() => undefined);
  return {
    async result(waiting) {
      const end = (): void => needless.abort(waiting.reason);
      waiting.addEventListener("abort", end, { once: true });
      if (waiting.aborted) end();
      try {
        return await running;
      } finally {
        waiting.removeEventListener("abort", end);
      }
    },
    async [Symbol.asyncDispose]() {
      needless.abort(new Error("the result is no longer needed"));
      await running.catch(() => undefined);
    },
  };
}
