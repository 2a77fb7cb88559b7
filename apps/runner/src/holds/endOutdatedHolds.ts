import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { planHolds, type Hold } from "@tac8/core/domain/holds";
import type { Logger } from "@tac8/core/log/logger";
import type { ThrottledLog } from "@tac8/core/log/throttleLog";
import { wakeJobsOfEndedHolds } from "@tac8/core/queue/wake";
import { clearHold, readHolds } from "@tac8/core/state/holds";
import { credentialsOfHold } from "./credentialsOfHold.ts";

export interface CredentialServices {
  readonly config: Config;
  /** Borrowed, like all of these. */
  readonly redis: Redis;
  readonly queue: Queue;
  /** The runner's name. */
  readonly name: string;
  readonly log: Logger;
  readonly errors: ThrottledLog;
  readonly now: () => number;
  readonly everyMs?: number;
}

const EVERY_MS = 10_000;

/**
 * End the holds that were set for other credentials than this runner has: once at its start, and again when its own
 * credentials change (a new login of the agent needs no restart). Only a change counts, so two runners with different
 * credentials never end each other's holds in turn.
 */
export async function endOutdatedHolds(services: CredentialServices): Promise<{ close(): Promise<void> }> {
  const { redis, queue, config, name, log, errors, now, everyMs = EVERY_MS } = services;
  const stop = new AbortController();
  const mine = () => credentialsOfHold("auth", config);

  async function endOthers(): Promise<Hold[]> {
    const { live } = planHolds(await readHolds(redis), now());
    const kept: Hold[] = [];
    for (const hold of live) {
      const current = await credentialsOfHold(hold.name, config);
      const other = hold.credentials !== undefined && current !== null && current !== hold.credentials;
      if (!other) kept.push(hold);
      else if (await clearHold(redis, hold.name, `runner ${name}`, "other credentials, which are used at once")) {
        log.info(`hold ${hold.name} ended: this runner has other credentials, which are used at once`);
      }
    }
    if (kept.length === live.length) return kept;
    await wakeJobsOfEndedHolds({ redis, queue, now: now() });
    if (!planHolds(kept, now()).pauseQueue) await queue.resume();
    return kept;
  }

  let last = await mine();
  for (const { name: hold, reason, credentials } of await endOthers()) {
    if (credentials === undefined) continue;
    log.warn(
      `hold ${hold} continues, because the credentials have not changed: ${reason}; run tac8 resume ${hold} to retry now`,
    );
  }
  const watching = (async () => {
    while (!stop.signal.aborted) {
      await sleep(everyMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      if (stop.signal.aborted) return;
      try {
        const current = await mine();
        if (current === last) continue;
        await endOthers();
        last = current;
      } catch (error) {
        errors("warn", { err: error }, "could not check for holds of former credentials");
      }
    }
  })();
  return {
    async close() {
      stop.abort();
      await watching;
    },
  };
}
