/**
 * Redis commands that a runner, its queue and the operator's commands on its machine use. Commands that change Redis itself or its other
 * clients (CONFIG, ACL, CLIENT KILL, SHUTDOWN, DEBUG), list or remove other keys (KEYS, SCAN, FLUSHALL), or store code (FUNCTION) are
 * not in the list. The list also applies inside of scripts.
 */
const COMMANDS: readonly string[] = [
  // The connection.
  "auth hello ping quit select info time client|setname client|id",
  "multi exec discard watch unwatch eval evalsha script|load script|exists",
  "subscribe unsubscribe publish",
  // Keys.
  "del unlink exists type rename expire pexpire pexpireat persist ttl pttl",
  "get set incr incrby",
  "hdel hexists hget hgetall hincrby hincrbyfloat hkeys hlen hmget hmset hset hsetnx",
  "lindex llen lpop lpos lpush lrange lrem lset ltrim rpop rpoplpush rpush blpop",
  "sadd scard sismember smembers srem",
  "zadd zcard zcount zlexcount zpopmin bzpopmin zrange zrangebylex zrangebyscore zrank",
  "zrem zremrangebyrank zremrangebyscore zrevrange zrevrangebyscore zscore",
  "xadd xdel xinfo|stream xlen xrange xread xrevrange xtrim",
].flatMap((line) => line.split(" "));

const ITS_OWN = [
  "accounts answer:* ask:* budget counter:* day:* diff:* events format holds host:*",
  "issue:* pauses run:* runners stops totals unplaced unplaced:*",
].flatMap((line) => line.split(" "));

/** Patterns of the keys that a runner writes: those of the queue, and some of tac8's keys. */
const WRITTEN: readonly string[] = ["bull:issues:*", ...ITS_OWN.map((key) => `tac8:${key}`)];

/** Pattern of the keys that a runner reads: all of tac8's, as `tac8 status` does, including the scheduler's lease and health. */
const READ = "tac8:*";

/** Return the rules of a machine's ACL user for `ACL SETUSER` and redis.conf, without its password. Pure. */
export function runnerRules(): string[] {
  return [
    "on",
    "resetkeys",
    "resetchannels",
    ...WRITTEN.map((key) => `~${key}`),
    `%R~${READ}`,
    `&${READ}`,
    "-@all",
    ...COMMANDS.map((command) => `+${command}`),
  ];
}

/** Return whether a machine's user may run the command, named as in a script. Pure. */
export function mayRun(command: string): boolean {
  const name = command.toLowerCase();
  return COMMANDS.some((known) => known === name || known.startsWith(`${name}|`));
}
