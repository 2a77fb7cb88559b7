import type { Redis } from "ioredis";
import { hostNameKey } from "@tac8/core/state/keys";

/** A name is reserved for this time after its last use. Afterwards another data folder can have it, such as a new SD card in the same Pi. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** Interval of renewals. It is long, because each renewal is a write to the disk of Redis. */
const RENEW_MS = 24 * 3_600_000;

const CLAIM = `
local owner = redis.call("GET", KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
if owner and redis.call("PTTL", KEYS[1]) > tonumber(ARGV[3]) then return 1 end
redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
return 1`;

/**
 * Claim the display name for the runners of a data folder. A name belongs to one data folder. Another data folder that claims it,
 * for example on a second machine called `raspberrypi`, gets a suffix made of its own id. The name is reserved for a week after the
 * last call, so it is the same after restarts, whichever machine starts first.
 */
export async function claimHostName(
  redis: Redis,
  { wanted, dataFolderId }: { readonly wanted: string; readonly dataFolderId: string },
): Promise<string> {
  for (const digits of [0, 4]) {
    const name = digits === 0 ? wanted : `${wanted}-${dataFolderId.slice(0, digits)}`;
    if ((await redis.eval(CLAIM, 1, hostNameKey(name), dataFolderId, KEPT_MS, KEPT_MS - RENEW_MS)) === 1) return name;
  }
  return `${wanted}-${dataFolderId.slice(0, 8)}`;
}
