import type { Redis } from "ioredis";
import { z } from "zod";
import { LIMITS_KEY } from "./keys.ts";

const most = z.int().min(1).max(10_000);
const limitsSchema = z.object({
  runs: z.int().min(0).max(10_000),
  per_repository: z.record(z.string(), most),
  per_label: z.record(z.string(), most),
});
/** The section `limits` of the configuration. */
export type FleetLimits = z.infer<typeof limitsSchema>;

/** Publish the scheduler's limits for all runners. Written only if they have changed. */
export async function publishLimits(redis: Redis, limits: FleetLimits): Promise<void> {
  const text = textOf(limits);
  if ((await redis.get(LIMITS_KEY)) !== text) await redis.set(LIMITS_KEY, text);
}

/** Return the limits that apply: the scheduler's, or the `own` ones if no scheduler has published any. */
export async function readLimits(redis: Redis, own: FleetLimits): Promise<FleetLimits> {
  return parse(await redis.get(LIMITS_KEY)) ?? own;
}

/** Return the keys of `limits` in the configuration that differ from the limits that apply. Pure. */
export function otherLimits(own: FleetLimits, holding: FleetLimits): string[] {
  const [a, b] = [sorted(own), sorted(holding)];
  return (["runs", "per_repository", "per_label"] as const)
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .map((key) => `limits.${key}`);
}

function textOf(limits: FleetLimits): string {
  return JSON.stringify(sorted(limits));
}

/** Return the limits with sorted keys in lower case, because GitHub's names are not case-sensitive. */
function sorted({ runs, per_repository, per_label }: FleetLimits): FleetLimits {
  const inOrder = (limits: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(limits)
        .map(([name, value]) => [name.toLowerCase(), value] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  return { runs, per_repository: inOrder(per_repository), per_label: inOrder(per_label) };
}

function parse(text: string | null): FleetLimits | null {
  try {
    return limitsSchema.safeParse(JSON.parse(text ?? "")).data ?? null;
  } catch {
    return null; // Missing, or of another version.
  }
}
