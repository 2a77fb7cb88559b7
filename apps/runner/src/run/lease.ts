import { letGoAfter, silenceLimit } from "@tac8/core/queue/contract";

export interface LeaseOptions {
  readonly lockSeconds: number;
  /** Called once, when the lock was not renewed for so long that its job must be let go of. */
  readonly onLapse: () => void;
}

/** A job's lock as its runner knows it: for how long still it is surely ours. It is new when its job is. */
export class Lease {
  readonly #lockSeconds: number;
  readonly #lapse: NodeJS.Timeout;
  #renewedAt = performance.now();

  constructor({ lockSeconds, onLapse }: LeaseOptions) {
    this.#lockSeconds = lockSeconds;
    this.#lapse = setTimeout(onLapse, letGoAfter(lockSeconds));
  }

  renewed(): void {
    this.#renewedAt = performance.now();
    this.#lapse.refresh();
  }

  /** Milliseconds that the agent may live on from now without another word from us; not positive: it must end. */
  leftMs(): number {
    return this.#renewedAt + silenceLimit(this.#lockSeconds) - performance.now();
  }

  close(): void {
    clearTimeout(this.#lapse);
  }
}
