import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { hasExited, type MachineIds } from "../process/machineIds.ts";
import { LEASE_KEY, STANDBY_KEY } from "./keys.ts";

/** How long a scheduler that ended without a word keeps others waiting: less than a poll's usual interval. */
const LEASE_MS = 15_000;
/**
 * The same while no other one waits. Each renewal is a write to the disk of Redis, which costs a small machine more than anything
 * else that tac8 does when it is idle.
 */
const ALONE_MS = 45_000;
/** A scheduler that waits says so for this long, and again when half of it is over. */
const STANDBY_MS = 60_000;

const ownerSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
  /** Where `pid` counts; absent in older versions. */
  boot: z.string().optional(),
  pidNamespace: z.string().optional(),
  /** What it polls, `octo/hello`. */
  repositories: z.array(z.string()),
});
/** The scheduler that has the lease, as it has written itself down. */
export type LeaseOwner = z.infer<typeof ownerSchema>;

export interface SchedulerLease {
  /** Takes or renews it. @returns null: it is ours; else who has it */
  ask(): Promise<LeaseOwner | null>;
  /** For how long it is still ours, in ms by this machine's clock that is never set; 0: it is not. */
  leftMs(): number;
  /** Gives it up, so that another one need not wait. */
  release(): Promise<void>;
}

/**
 * KEYS: lease, standby. ARGV: us, life in ms, life while nobody waits, life of `standby`. Returns who has it, or for how many ms
 * more it is ours. It is renewed when a third of its life is over, and made shorter when another one waits.
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
  /** While no other scheduler waits. */
  readonly aloneMs?: number;
}

/** Of all schedulers on one Redis, the one that holds this lease works. */
export function createLease(
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
    // From when it was asked: Redis cannot have begun to count before.
    const asked = performance.now();
    // Redis may make it as short as this, and the answer may be lost.
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
      // A killed one of this machine need not be waited for.
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

/** The scheduler that has the lease now; null: none does, or the one that had it is known to have ended on this machine. */
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
