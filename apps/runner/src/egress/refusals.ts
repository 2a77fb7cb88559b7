import type { EgressLog } from "./open.ts";

/** A refused host and the number of refusals. */
export interface Refused {
  readonly host: string;
  readonly times: number;
}

const MAX_HOSTS = 50;
const MAX_NAME = 255;

/** Count refused hosts: at most 50 different ones. The first refusal of each is logged. */
export class Refusals {
  readonly #counts = new Map<string, number>();
  readonly #log: EgressLog;

  constructor(log: EgressLog) {
    this.#log = log;
  }

  add(host: string, why: string): void {
    const name = host.slice(0, MAX_NAME);
    const before = this.#counts.get(name);
    if (before === undefined && this.#counts.size >= MAX_HOSTS) return;
    this.#counts.set(name, (before ?? 0) + 1);
    if (before === undefined)
      this.#log.warn({ host: name, why: why.slice(0, 300) }, "refused the agent's connection to a host");
  }

  list(): Refused[] {
    return [...this.#counts].map(([host, times]) => ({ host, times }));
  }
}
