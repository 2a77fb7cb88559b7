import type { Redis } from "ioredis";
import type { Counts } from "@tac8/core/ledger/count";
import { lastDays } from "@tac8/core/domain/days";
import { readSamples, SAMPLE_MS, type Sample } from "@tac8/core/ledger/samples";
import { readDays } from "@tac8/core/ledger/store";

export interface Day {
  /** `2026-11-25`. */
  readonly day: string;
  readonly counts: Counts;
}

/** The data of all charts. */
export interface ChartFacts {
  /** When the data was read, in epoch ms. */
  readonly at: number;
  /** Oldest first, the last is today. */
  readonly days: readonly Day[];
  /** The samples of the last `SAMPLE_HOURS`, oldest first. */
  readonly samples: readonly Sample[];
}

const DAYS = 14;
export const SAMPLE_HOURS = 24;
const SAMPLES = (SAMPLE_HOURS * 3_600_000) / SAMPLE_MS;

export async function readChartFacts(redis: Redis, now: number): Promise<ChartFacts> {
  const names = lastDays(DAYS, now);
  const [counts, samples] = await Promise.all([readDays(redis, names), readSamples(redis, SAMPLES)]);
  const since = now - SAMPLE_HOURS * 3_600_000;
  return {
    at: now,
    days: names.map((day, index) => ({ day, counts: counts[index] ?? {} })),
    samples: samples.filter(({ at }) => at >= since && at <= now),
  };
}
