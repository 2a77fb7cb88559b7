/** A process that can be started before its work is known. */
export interface EarlyProcess {
  isAlive(): boolean;
  /** End it. Resolves when it ended; never rejects. */
  end(): Promise<void>;
}

/**
 * A process that is started early, so that the code that needs it does not wait for the start. It does nothing until it is taken. If it is
 * not taken, it ends with this object: `await using`.
 */
export class EarlyStart<T extends EarlyProcess> implements AsyncDisposable {
  readonly #open: () => T | null;
  #process: T | null = null;

  /** @param open starts the process; null: it could not be started. Must not throw */
  constructor(open: () => T | null) {
    this.#open = open;
  }

  /** Start the process, unless one waits already. */
  start(): void {
    this.#process ??= this.#open();
  }

  /** Return the process, which is the caller's from then on. Null: none waits, so the caller starts one. */
  async take(): Promise<T | null> {
    const process = this.#process;
    this.#process = null;
    if (process === null || process.isAlive()) return process;
    await process.end();
    return null;
  }

  /** Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const process = this.#process;
    this.#process = null;
    await process?.end();
  }
}
