import type { Redis } from "ioredis";
import { z } from "zod";
import { LIMITS_KEY } from "./keys.ts";

const most = z.int().min(1).max(10_000);
const limitsSchema = z.object({
  runs: z.int().min(0).max(10_000),
  per_repository: z.record(z.string(), most),
  per_label: z.record(z.string(), most),
});
/** Config `limits`. */
export type FleetLimits = z.infer<typeof limitsSchema>;

/** Makes the scheduler's limits those of every runner. Written only when they have changed. */
export async function publishLimits(redis: Redis, limits: FleetLimits): Promise<void> {
  const text = textOf(limits);
  if ((await redis.get(LIMITS_KEY)) !== text) await redis.set(LIMITS_KEY, text);
}

/** The limits that hold: the scheduler's, or `own` ones where no scheduler has published any. */
export async function readLimits(redis: Redis, own: FleetLimits): Promise<FleetLimits> {
  return parse(await redis.get(LIMITS_KEY)) ?? own;
}

/** Pure: the keys of `limits` in the configuration that say something else than those that hold. */
export function otherLimits(own: FleetLimits, holding: FleetLimits): string[] {
  const [a, b] = [sorted(own), sorted(holding)];
  return (["runs", "per_repository", "per_label"] as const)
    .filter((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]))
    .map((key) => `limits.${key}`);
}

function textOf(limits: FleetLimits): string {
  return JSON.stringify(sorted(limits));
}

/** GitHub's names are the same in upper and lower case. */
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
