import type { Logger } from "@tac8/core/log/logger";

const MAX_HOSTS = 200;
const AGAIN_MS = 3_600_000;

/**
 * Log each refused host at most once an hour. The name of a host is not secret; paths and credentials are not logged.
 */
export class RefusalLog {
  readonly #log: Pick<Logger, "warn">;
  readonly #now: () => number;
  /** Time at which each host was logged, the oldest first. */
  readonly #logged = new Map<string, number>();
  #latest = 0;

  constructor(log: Pick<Logger, "warn">, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  add(host: string, why: string): void {
    const name = host.slice(0, 255);
    const at = this.#now();
    if (at - (this.#logged.get(name) ?? -AGAIN_MS) < AGAIN_MS) return;
    const [oldest] = this.#logged.keys();
    if (oldest !== undefined && this.#logged.size >= MAX_HOSTS) {
      if (at - this.#latest < AGAIN_MS / MAX_HOSTS) return; // Many names: log one line every 18 s.
      this.#logged.delete(oldest);
    }
    this.#logged.delete(name);
    this.#logged.set(name, at);
    this.#latest = at;
    this.#log.warn({ host: name, why: why.slice(0, 300) }, "refused a connection to a host");
  }
}
