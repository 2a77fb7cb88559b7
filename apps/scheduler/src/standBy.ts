import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "@tac8/core/log/logger";
import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import type { LeaseOwner, SchedulerLease } from "@tac8/core/state/schedulerLease";

const ASK_MS = 3000;

export interface StandByOptions {
  readonly lease: SchedulerLease;
  /** Starts the work of a scheduler. After `signal` is aborted it starts nothing new; `done` resolves when it has stopped. */
  readonly lead: (signal: AbortSignal) => { readonly done: Promise<unknown> };
  readonly repositories: readonly string[];
  readonly log: Logger;
  readonly errors: ThrottledLog;
  /** Ends the function. */
  readonly signal: AbortSignal;
  readonly askMs?: number;
}

/**
 * Lead while this scheduler has the lease, and stand by while another one has it. When the lease has expired, the scheduler stops
 * before it starts anything else, also after this machine was frozen or disconnected.
 */
export async function standBy(options: StandByOptions): Promise<void> {
  const { lease, log, signal, askMs = ASK_MS } = options;
  let reported = "";
  while (!signal.aborted) {
    const owner = await askOnce(options);
    if (signal.aborted) return; // Its owner releases the lease.
    if (owner === null && lease.leftMs() > 0) {
      reported = "";
      await leadOnce(options);
      continue;
    }
    if (owner !== null && owner !== "unknown" && owner.id !== reported) {
      reported = owner.id;
      log.info(`the scheduler on ${owner.host} (process ${owner.pid}) is active: standing by until it ends`);
      const others = options.repositories.filter((name) => !owner.repositories.includes(name));
      if (others.length > 0) {
        log.warn(
          `it does not poll ${others.join(", ")}: one scheduler works on one Redis, so give all machines the same repositories`,
        );
      }
    }
    await sleep(askMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Request the lease, and return its owner. Null: this scheduler has it; `unknown`: Redis has not answered. */
async function askOnce({ lease, errors, signal }: StandByOptions): Promise<LeaseOwner | null | "unknown"> {
  try {
    return await lease.ask();
  } catch (err) {
    if (!signal.aborted) errors("warn", { err }, "could not acquire the scheduler's lease");
    return "unknown";
  }
}

/** Lead until the lease is lost. */
async function leadOnce(options: StandByOptions): Promise<void> {
  const { lease, lead, log, signal, askMs = ASK_MS } = options;
  const lost = new AbortController();
  const working = lead(AbortSignal.any([signal, lost.signal]));
  let asking = false;
  const renewal = setInterval(() => {
    // While Redis is unreachable, only one request waits for it.
    if (asking) return;
    asking = true;
    void askOnce(options).finally(() => (asking = false));
  }, askMs);
  try {
    for (;;) {
      const left = lease.leftMs();
      if (left === 0 || signal.aborted) break;
      await sleep(Math.min(left, askMs), undefined, { signal }).catch(() => undefined);
    }
  } finally {
    clearInterval(renewal);
    if (!signal.aborted) log.warn("lost the scheduler's lease: this scheduler stops until it gets it again");
    lost.abort(new Error("the scheduler's lease was lost"));
    await working.done;
  }
}
