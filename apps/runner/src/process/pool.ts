/** A process that can do its work several times, one at a time. */
export interface ReusableProcess {
  /** Whether it is alive, has finished its work, and may be used again. */
  isReusable(): boolean;
  /** End it: it exits by itself, or is killed soon. Resolves when it ended; never rejects. */
  end(): Promise<void>;
}

export interface PoolOptions<T extends ReusableProcess> {
  /** Start a process. @throws Error if it cannot be started */
  readonly start: () => T;
  /** Maximum number of idle processes. */
  readonly maxIdle: number;
  /** Time after which an idle process is ended, in ms. Default: a minute. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;

/**
 * Processes that the runs of a runner use one after the other, because the start of a process costs more than the work of most of them.
 * A process belongs to one run at a time. It ends after a minute without work, and with this pool.
 */
export class ProcessPool<T extends ReusableProcess> {
  readonly #options: PoolOptions<T>;
  readonly #idle = new Map<T, NodeJS.Timeout>();
  #isClosed = false;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  /** Start a process, unless one is idle already, or none can be started now. */
  prepare(): void {
    this.#endDead();
    if (this.#idle.size > 0) return;
    try {
      void this.release(this.#options.start());
    } catch {
      // The run that needs it reports the error, if there still is one.
    }
  }

  /** Return an idle process, or a new one. It is the caller's until `release`. @throws Error if none can be started */
  take(): T {
    this.#endDead();
    const newest = [...this.#idle.keys()].at(-1); // So that the others reach their time limit.
    if (newest === undefined) return this.takeNew();
    this.#forget(newest);
    return newest;
  }

  /** Return a new process. It is the caller's until `release`. @throws Error if it cannot be started */
  takeNew(): T {
    return this.#options.start();
  }

  /** Keep a process for the next run if it is reusable. Otherwise end it. Never rejects. */
  async release(process: T): Promise<void> {
    const { maxIdle, idleMs = IDLE_MS } = this.#options;
    this.#endDead();
    if (this.#isClosed || this.#idle.size >= maxIdle || !process.isReusable()) return process.end();
    const timer = setTimeout(() => void this.#endIdle(process), idleMs);
    timer.unref();
    this.#idle.set(process, timer);
  }

  /** End every idle process. A process that is released later is ended too. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#idle.keys()].map((process) => this.#endIdle(process)));
  }

  /** End the processes that died while they were idle, which releases what they left. */
  #endDead(): void {
    for (const process of this.#idle.keys()) if (!process.isReusable()) void this.#endIdle(process);
  }

  #endIdle(process: T): Promise<void> {
    this.#forget(process);
    return process.end();
  }

  #forget(process: T): void {
    clearTimeout(this.#idle.get(process));
    this.#idle.delete(process);
  }
}
