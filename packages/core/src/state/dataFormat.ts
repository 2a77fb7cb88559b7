import type { Redis } from "ioredis";
import { DATA_FORMAT, newerData } from "../domain/format.ts";
import { FORMAT_KEY } from "./keys.ts";

const MARK = `
local found = redis.call('GET', KEYS[1])
if not found or tonumber(found) and tonumber(found) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
return found`;

/** Marks Redis as one with data of this version. @returns why it cannot be used, half a line; null: it can */
export async function markRedis(redis: Redis): Promise<string | null> {
  return newerData((await redis.eval(MARK, 1, FORMAT_KEY, DATA_FORMAT)) as string | null);
}

/** Only reads. @returns why this Redis cannot be used, half a line; null: it can */
export async function newerRedis(redis: Redis): Promise<string | null> {
  return newerData(await redis.get(FORMAT_KEY));
}
