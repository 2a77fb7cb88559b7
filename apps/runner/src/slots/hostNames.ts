import type { Redis } from "ioredis";
import { hostNameKey } from "@tac8/core/state/keys";

/** A machine that is off for longer may find its name taken: a new SD card in the same Pi gets it then. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** Each renewal is a write to the disk of Redis. */
const RENEW_MS = 24 * 3_600_000;

const CLAIM = `
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
if owner and redis.call("PTTL", KEYS[1]) > tonumber(ARGV[3]) then return 1 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1`;

/**
 * Return the name under which people see the runners of a data folder. A name belongs to one data folder: another one that
 * asks for it, such as that of a second machine called `raspberrypi`, gets a suffix made of its own id. Kept for a week
 * after the last call, so that it stays the same over restarts, whichever machine starts first.
 */
export async function claimHostName(
  redis: Redis,
  { wanted, homeId }: { readonly wanted: string; readonly homeId: string },
): Promise<string> {
  for (const digits of [0, 4]) {
    const name = digits === 0 ? wanted : `${wanted}-${homeId.slice(0, digits)}`;
    if ((await redis.eval(CLAIM, 1, hostNameKey(name), homeId, KEPT_MS, KEPT_MS - RENEW_MS)) === 1) return name;
  }
  return `${wanted}-${homeId.slice(0, 8)}`;
}
