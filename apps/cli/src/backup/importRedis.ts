import { messageOf } from "@tac8/core/domain/messageOf";
import { fieldOf } from "@tac8/core/state/issueState";
import { issueKey } from "@tac8/core/state/keys";
import type { Redis } from "ioredis";
import type { FileHandle } from "node:fs/promises";
import { Problem } from "../problems/problem.ts";
import { readDumpedKeys, type DumpedKey } from "./dumpedKeys.ts";
import { PATTERNS } from "./redisKeys.ts";

/** Prefix of the imported keys until all of them are in Redis. */
const STAGING = "tac8-restoring:";
/** Bytes per batch. */
const BATCH_BYTES = 4 * 1024 ** 2;

/**
 * ARGV: prefix of the restored keys, whether existing keys may be replaced, prefix of the records, the time, patterns of tac8's
 * keys. The switch is atomic: either all of tac8's keys are the restored ones, or none. Each record stores when it was restored,
 * so that the next run checks whether the issue ended since the backup. Returns the number of existing keys that prevent the
 * switch, or -1 on success.
 */
const SWITCH = `
local found = 0
for i = 5, #ARGV do
  for _, key in ipairs(redis.call('KEYS', ARGV[i])) do
    if ARGV[2] ~= '1' then found = found + 1 else redis.call('DEL', key) end
  end
end
if found > 0 then return found end
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
  local name = string.sub(key, #ARGV[1] + 1)
  redis.call('RENAME', key, name)
  if string.sub(name, 1, #ARGV[3]) == ARGV[3] then redis.call('HSET', name, '${fieldOf("restoredAt")}', ARGV[4]) end
end
return -1`;

/** Count tac8's keys in a Redis, up to `most`. */
export async function countKeys(redis: Redis, most = 1): Promise<number> {
  let count = 0;
  for (const match of PATTERNS) {
    for await (const names of redis.scanStream({ match, count: 1000 })) {
      count += (names as string[]).length;
      if (count >= most) return count;
    }
  }
  return count;
}

/**
 * Import the keys of a backup into Redis: first in batches under temporary names, then all of them are renamed in one step.
 * @throws Problem if Redis already has keys of tac8 that may not be replaced, or cannot read the format of the values
 */
export async function importRedis(
  redis: Redis,
  given: { readonly file: FileHandle; readonly replace: boolean; readonly now: number },
): Promise<void> {
  const { file, replace, now } = given;
  await removeStaged(redis); // Keys of an interrupted restore.
  let [batch, bytes]: [DumpedKey[], number] = [[], 0];
  const send = async (): Promise<void> => {
    await Promise.all(batch.map((dumped) => restore(redis, dumped, now)));
    [batch, bytes] = [[], 0];
  };
  try {
    for await (const dumped of readDumpedKeys(file)) {
      if (dumped.expiresAt !== null && dumped.expiresAt <= now) continue;
      batch.push(dumped);
      bytes += dumped.value.length;
      if (bytes >= BATCH_BYTES) await send();
    }
    await send();
    const args = [STAGING, replace ? "1" : "0", issueKey(""), new Date(now).toISOString(), ...PATTERNS];
    const found = Number(await redis.eval(SWITCH, 0, ...args));
    if (found >= 0) throw new Problem(`Redis already contains ${found} keys of tac8`);
  } catch (error) {
    await removeStaged(redis).catch(() => undefined); // The next restore removes them.
    throw error;
  }
}

async function restore(redis: Redis, { key, expiresAt, value }: DumpedKey, now: number): Promise<void> {
  try {
    await redis.restore(`${STAGING}${key.toString()}`, expiresAt === null ? 0 : expiresAt - now, value, "REPLACE");
  } catch (error) {
    if (!/bad data format|version or checksum/i.test(messageOf(error))) throw error;
    throw new Problem(
      "this Redis is older than the Redis of the backup and cannot read its values: install a newer Redis",
      {
        cause: error,
      },
    );
  }
}

async function removeStaged(redis: Redis): Promise<void> {
  for await (const names of redis.scanStream({ match: `${STAGING}*`, count: 1000 })) {
    if ((names as string[]).length > 0) await redis.unlink(names as string[]);
  }
}
