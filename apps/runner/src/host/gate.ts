import type { Pausable } from "./watch.ts";

/** Lets several decide whether a worker takes new jobs: it does while none of them wants it to rest. */
export class Gate {
  readonly #worker: Pausable;
  readonly #resting = new Set<string>();
  #applied = false;
  #applying: Promise<void> = Promise.resolve();

  constructor(worker: Pausable) {
    this.#worker = worker;
  }

  /** The worker as one of them sees it. */
  for(who: string): Pausable {
    return {
      pause: () => {
        this.#resting.add(who);
        return this.#apply();
      },
      resume: () => {
        this.#resting.delete(who);
        return this.#apply();
      },
    };
  }

  /** One after the other: what was wanted last is what the worker does in the end. */
  #apply(): Promise<void> {
    const next = this.#applying.then(async () => {
      const rest = this.#resting.size > 0;
      if (rest === this.#applied) return;
      this.#applied = rest;
      await (rest ? this.#worker.pause(true) : this.#worker.resume());
    });
    this.#applying = next.catch(() => undefined);
    return next;
  }
}
