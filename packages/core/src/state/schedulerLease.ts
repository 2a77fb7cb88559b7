import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { hasExited, type MachineIds } from "../process/machineIds.ts";
import { LEASE_KEY, STANDBY_KEY } from "./keys.ts";

/** Time for which other schedulers wait after the active one was killed: less than the usual interval of polls. */
const LEASE_MS = 15_000;
/**
 * Lifetime of the lease while no other scheduler waits. Redis writes each renewal to its disk, which is the most expensive thing that an
 * idle tac8 does on a small machine.
 */
const ALONE_MS = 45_000;
/** Lifetime of the mark of a waiting scheduler. It is renewed after half of this time. */
const STANDBY_MS = 60_000;

const ownerSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  /** The boot and namespace in which `pid` is valid; absent in older versions. */
  boot: z.string().optional(),
  pidNamespace: z.string().optional(),
  /** Repositories that it polls, such as `octo/hello`. */
  repositories: z.array(z.string()),
});
/** The scheduler that has the lease, as it has registered itself. */
export type LeaseOwner = z.infer<typeof ownerSchema>;

export interface SchedulerLease {
  /** Acquire or renew the lease. @returns null: this scheduler has it; else its owner */
  ask(): Promise<LeaseOwner | null>;
  /** Remaining time for which this scheduler has the lease, in ms by the monotonic clock; 0: it does not have it. */
  leftMs(): number;
  /** Release the lease, so that another scheduler need not wait for its expiry. */
  release(): Promise<void>;
}

/**
 * KEYS: lease, standby. ARGV: this scheduler, lifetime in ms, lifetime while no other scheduler waits, lifetime of `standby`. Returns the
 * owner, or the remaining ms if this scheduler has the lease. It is renewed after a third of its lifetime, and shortened when another
 * scheduler waits.
 */
const TAKE = `
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then
  if redis.call("PTTL", KEYS[2]) < ARGV[4] / 2 then redis.call("SET", KEYS[2], "1", "PX", ARGV[4]) end
  return owner
end
local life = tonumber(redis.call("EXISTS", KEYS[2]) == 1 and ARGV[2] or ARGV[3])
local left = redis.call("PTTL", KEYS[1])
if left >= life * 2 / 3 and left <= life then return left end
redis.call("SET", KEYS[1], ARGV[1], "PX", life)
return life`;

const RELEASE = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

export interface LeaseOptions extends Pick<LeaseOwner, "host" | "repositories"> {
  readonly machine: MachineIds;
  readonly leaseMs?: number;
  /** Lifetime in ms while no other scheduler waits. */
  readonly aloneMs?: number;
}

/** Create the lease. Of all schedulers on one Redis, only the one that has the lease is active. */
export function createSchedulerLease(
  redis: Redis,
  { host, repositories, machine, leaseMs = LEASE_MS, aloneMs = ALONE_MS }: LeaseOptions,
): SchedulerLease {
  const us = JSON.stringify({
    id: randomUUID(),
    host,
    pid: process.pid,
    ...machine,
    repositories,
  } satisfies LeaseOwner);
  let until = 0;
  const take = async () => {
    // Count from the time of the request, because Redis cannot have started earlier.
    const asked = performance.now();
    // Redis may shorten the lease to this, and the response may be lost.
    until = Math.min(until, asked + leaseMs);
    const keys = [LEASE_KEY, STANDBY_KEY];
    const answer = await redis.eval(TAKE, keys.length, ...keys, us, leaseMs, aloneMs, STANDBY_MS);
    until = typeof answer === "number" ? asked + answer : 0;
    return typeof answer === "number" ? null : String(answer);
  };
  return {
    async ask() {
      const other = await take();
      if (other === null) return null;
      const owner = parse(other);
      // If the owner was a process on this machine that was killed, there is no need to wait.
      if (!hasExited(owner, machine)) return owner;
      await redis.eval(RELEASE, 1, LEASE_KEY, other);
      const next = await take();
      return next === null ? null : parse(next);
    },
    leftMs: () => Math.max(0, until - performance.now()),
    async release() {
      until = 0;
      await redis.eval(RELEASE, 1, LEASE_KEY, us);
    },
  };
}

/** Return the owner of the lease; null: there is none, or it was a process on this machine that has exited. */
export async function readLease(redis: Redis, machine: MachineIds): Promise<LeaseOwner | null> {
  const text = await redis.get(LEASE_KEY);
  const owner = text === null ? null : parse(text);
  return owner === null || hasExited(owner, machine) ? null : owner;
}

function parse(text: string): LeaseOwner {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return { id: "", host: "an unknown machine", pid: 0, repositories: [] };
  }
}
