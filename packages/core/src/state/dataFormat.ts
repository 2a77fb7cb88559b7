import type { Redis } from "ioredis";
import { DATA_FORMAT, newerData } from "../domain/format.ts";
import { FORMAT_KEY } from "./keys.ts";

const MARK = `
local found = redis.call('GET', KEYS[1])
if not found or tonumber(found) and tonumber(found) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return found`;

/** Write the data format to Redis. @returns why this Redis cannot be used, as a short reason; null: it can */
export async function markRedis(redis: Redis): Promise<string | null> {
  return newerData((await redis.eval(MARK, 1, FORMAT_KEY, DATA_FORMAT)) as string | null);
}

/** Check the data format without writing. @returns why this Redis cannot be used, as a short reason; null: it can */
export async function newerRedis(redis: Redis): Promise<string | null> {
  return newerData(await redis.get(FORMAT_KEY));
}
