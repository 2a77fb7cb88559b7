import type { Redis } from "ioredis";
import { z } from "zod";
import { SAMPLES_KEY } from "../state/keys.ts";

/** Interval between two samples. */
export const SAMPLE_MS = 5 * 60_000;
/** Samples of one week, about 300 bytes each per runner. */
const MAX_SAMPLES = 2016;
/** Maximum number of machines in one sample. */
const MAX_HOSTS = 50;

const machine = z.object({
  freeMemoryMb: z.number().nullable(),
  totalMemoryMb: z.number(),
  freeDiskGb: z.number().nullable(),
  loadPerCore: z.number().nullable(),
  temperatureC: z.number().nullable(),
});

const sampleSchema = z.object({
  waiting: z.number(),
  active: z.number(),
  delayed: z.number(),
  slots: z.number(),
  /** By host name. */
  hosts: z.record(z.string(), machine),
});
export type Sample = z.infer<typeof sampleSchema> & {
  /** Epoch ms. */
  readonly at: number;
};

/** Store a sample of the status. The scheduler does this every few minutes, for the charts of the queue and of machines. */
export async function addSample(redis: Redis, { at, hosts, ...rest }: Sample): Promise<void> {
  const few = Object.fromEntries(Object.entries(hosts).slice(0, MAX_HOSTS));
  const text = JSON.stringify({ ...rest, at, hosts: few });
  await redis.xadd(SAMPLES_KEY, "MAXLEN", "~", MAX_SAMPLES, "*", "sample", text);
}

/** Return the newest samples, oldest first. */
export async function readSamples(redis: Redis, count: number): Promise<Sample[]> {
  const entries = await redis.xrevrange(SAMPLES_KEY, "+", "-", "COUNT", count);
  return entries.toReversed().flatMap(([, [, text = ""]]) => {
    const found = parse(text);
    return found === null ? [] : [found];
  });
}

function parse(text: string): Sample | null {
  try {
    return sampleSchema.extend({ at: z.number() }).safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null; // Written by another version: the chart has a gap.
  }
}
