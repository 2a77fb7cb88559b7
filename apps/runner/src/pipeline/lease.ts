import { letGoAfter, silenceLimit, workerTimes } from "@tac8/core/queue/contract";

export interface LeaseOptions {
  readonly lockSeconds: number;
  /** Asks Redis for more time; false: the lock is not ours any more. */
  readonly renew: () => Promise<boolean>;
  /** Called once, when the lock was not renewed for so long that its job must be let go of. */
  readonly onLapse: () => void;
  /** Somebody else has the job. */
  readonly onGone: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * A job's lock as its runner knows it: for how long still it is surely ours. Renewed here and not by BullMQ, which knows
 * locks by their jobs: a run that ends late would end the renewal of the next run of its job.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #renewal: NodeJS.Timeout;
  #lapse: NodeJS.Timeout;
  #renewedAt = performance.now();
  #asking = false;
  #closed = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    const { lockRenewTime = 0 } = workerTimes(options.lockSeconds);
    this.#lapse = setTimeout(options.onLapse, letGoAfter(options.lockSeconds));
    // Twice as often as it must be, so that one answer that is late harms nobody.
    this.#renewal = setInterval(() => void this.#renew(), lockRenewTime / 2);
  }

  async #renew(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    // The answer may have been on its way for long: the lock lasts from when it was asked for, if not longer.
    const asked = performance.now();
    try {
      const ours = await this.#options.renew();
      if (this.#closed) return;
      if (ours) this.#renewed(asked);
      else this.#options.onGone();
    } catch (error) {
      if (!this.#closed) this.#options.onError(error);
    } finally {
      this.#asking = false;
    }
  }

  #renewed(at: number): void {
    this.#renewedAt = at;
    clearTimeout(this.#lapse);
    const { lockSeconds, onLapse } = this.#options;
    this.#lapse = setTimeout(onLapse, Math.max(0, at + letGoAfter(lockSeconds) - performance.now()));
  }

  /** Milliseconds that the agent may live on from now without another word from us; not positive: it must end. */
  leftMs(): number {
    return this.#renewedAt + silenceLimit(this.#options.lockSeconds) - performance.now();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#lapse);
    clearInterval(this.#renewal);
  }
}
