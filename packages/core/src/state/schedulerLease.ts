import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import { LEASE_KEY } from "./keys.ts";

/** How long a scheduler that ended without a word keeps others waiting: less than a poll's usual interval. */
const LEASE_MS = 15_000;

const ownerSchema = z.object({
  id: z.string(),
  host: z.string(),
  pid: z.number(),
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

const TAKE = `
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then return owner end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return false`;

const RELEASE = `if redis.call("GET", KEYS[1]) == ARGV[1] then redis.call("DEL", KEYS[1]) end`;

/** Of all schedulers on one Redis, the one that holds this lease works. */
export function createLease(
  redis: Redis,
  { host, repositories, leaseMs = LEASE_MS }: Pick<LeaseOwner, "host" | "repositories"> & { leaseMs?: number },
): SchedulerLease {
  const us = JSON.stringify({ id: randomUUID(), host, pid: process.pid, repositories } satisfies LeaseOwner);
  let until = 0;
  return {
    async ask() {
      // From when it was asked: Redis cannot have begun to count before.
      const asked = performance.now();
      const answer = (await redis.eval(TAKE, 1, LEASE_KEY, us, leaseMs)) as string | null;
      until = answer === null ? asked + leaseMs : 0;
      return answer === null ? null : parse(answer);
    },
    leftMs: () => Math.max(0, until - performance.now()),
    async release() {
      until = 0;
      await redis.eval(RELEASE, 1, LEASE_KEY, us);
    },
  };
}

function parse(text: string): LeaseOwner {
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return { id: "", host: "a machine that is unknown to this version", pid: 0, repositories: [] };
  }
}
