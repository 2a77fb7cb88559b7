import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { addSample, readSamples, SAMPLE_MS } from "@tac8/core/ledger/samples";
import { advanceLedger } from "@tac8/core/ledger/store";
import { idOf, readRunners, removeRunner, RUNNER_OFFLINE_MS } from "@tac8/core/state/presence";

export interface LedgerServices {
  /** Borrowed, like all services. */
  readonly redis: Redis;
  readonly queue: Queue;
  readonly now: () => number;
}

/** A runner that died is listed for this time after its last announcement. */
const FORGET_MS = 24 * 3_600_000;

/** Return a function that adds new events to the ledger, and stores a sample of the queue every `SAMPLE_MS`. */
export function createLedger({ redis, queue, now }: LedgerServices): () => Promise<void> {
  let sampledAt: number | null = null;

  return async function keep(): Promise<void> {
    await advanceLedger(redis);
    sampledAt ??= (await readSamples(redis, 1)).at(-1)?.at ?? 0;
    const at = now();
    if (at - sampledAt < SAMPLE_MS) return;
    sampledAt = at;
    const [counts, runners] = await Promise.all([
      queue.getJobCounts("waiting", "prioritized", "active", "delayed"),
      readRunners(redis),
    ]);
    for (const runner of runners) if (at - runner.at > FORGET_MS) await removeRunner(redis, idOf(runner));
    const present = runners.filter((runner) => at - runner.at <= RUNNER_OFFLINE_MS);
    const machines = present.flatMap(({ host, machine }) => (machine === undefined ? [] : [[host, machine] as const]));
    await addSample(redis, {
      at,
      waiting: (counts["waiting"] ?? 0) + (counts["prioritized"] ?? 0),
      active: counts["active"] ?? 0,
      delayed: counts["delayed"] ?? 0,
      slots: present.reduce((sum, { slots }) => sum + slots, 0),
      hosts: Object.fromEntries(machines),
    });
  };
}
