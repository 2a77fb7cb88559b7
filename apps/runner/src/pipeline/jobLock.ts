import { releaseAfter, guardKillsAfter, workerTimes } from "@tac8/core/queue/contract";

export interface JobLockOptions {
  readonly lockSeconds: number;
  /** Renew the lock in Redis. @returns false if this runner no longer has the lock */
  readonly renew: () => Promise<boolean>;
  /** Called once, when the lock is so close to its end that the job must be released. */
  readonly onExpiringSoon: () => void;
  /** Called when another process has the job. */
  readonly onLost: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * A job's lock as its runner knows it, with the time for which the lock is certainly valid. It is renewed here and not by BullMQ.
 * BullMQ identifies locks by their jobs, so a run that ends late would end the renewal for the next run of its job.
 */
export class JobLock {
  readonly #options: JobLockOptions;
  readonly #renewal: NodeJS.Timeout;
  #expiry: NodeJS.Timeout;
  #renewedAt = performance.now();
  #asking = false;
  #closed = false;

  constructor(options: JobLockOptions) {
    this.#options = options;
    const { lockRenewTime = 0 } = workerTimes(options.lockSeconds);
    this.#expiry = setTimeout(options.onExpiringSoon, releaseAfter(options.lockSeconds));
    // Twice as often as necessary, so that one late answer has no effect.
    this.#renewal = setInterval(() => void this.#renew(), lockRenewTime / 2);
  }

  async #renew(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    // The answer may arrive late. The lock is valid at least from the moment of the request.
    const asked = performance.now();
    try {
      const isRenewed = await this.#options.renew();
      if (this.#closed) return;
      if (isRenewed) this.#renewed(asked);
      else this.#options.onLost();
    } catch (error) {
      if (!this.#closed) this.#options.onError(error);
    } finally {
      this.#asking = false;
    }
  }

  #renewed(at: number): void {
    this.#renewedAt = at;
    clearTimeout(this.#expiry);
    const { lockSeconds, onExpiringSoon } = this.#options;
    this.#expiry = setTimeout(onExpiringSoon, Math.max(0, at + releaseAfter(lockSeconds) - performance.now()));
  }

  /** Milliseconds for which the agent may live from now without another heartbeat. Zero or less: it must end. */
  timeLeftMs(): number {
    return this.#renewedAt + guardKillsAfter(this.#options.lockSeconds) - performance.now();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#expiry);
    clearInterval(this.#renewal);
  }
}
