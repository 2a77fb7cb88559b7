import { redisAddress, socketOf, withoutPassword } from "@tac8/core/config/redisUrl";
import { refusalAdvice, unusableRedis } from "@tac8/core/queue/redisErrors";
import { withRedis } from "../../redis/connect.ts";
import { Problem } from "../../problems/problem.ts";
import { redisRestart } from "../../services/units.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";

/** The minimum version for BullMQ. */
const LEAST = [6, 2] as const;
const START = "start it";

export const redis: Check = {
  name: "Redis",
  limitMs: 15_000,
  async inspect({ redisUrl, redisNamed, isRedisWrong }) {
    if (isRedisWrong) return [note("not checked: REDIS_URL is not a Redis URL, see Configuration")];
    const where = redisAddress(redisUrl);
    try {
      const findings = await withRedis(redisUrl, async (client) => evaluateRedis(where, await client.info()), START);
      return (await isOpen(redisUrl)) ? [...findings, openToAll(where)] : findings;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return [evaluateUnreachable({ redisUrl, redisNamed, message: error.message })];
    }
  },
};

/** Whether every program that reaches the port of Redis can use it, because Redis requires no password. */
async function isOpen(url: string): Promise<boolean> {
  if (socketOf(url) !== null) return false;
  return withRedis(withoutPassword(url), async () => true, START).catch(() => false);
}

/** The finding for a Redis without a password. Agents are among the programs that can connect. */
function openToAll(where: string): Finding {
  return note(
    `${where} has no password, so every program that can connect to it controls tac8`,
    "unset REDIS_URL, so that tac8 up starts a Redis on a socket; or set requirepass in redis.conf, and REDIS_PASSWORD",
  );
}

/** Evaluate the output of `INFO`. Pure. */
export function evaluateRedis(where: string, info: string): Finding[] {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? null;
  const findings: Finding[] = [];
  const version = field("redis_version") ?? "";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < LEAST[0] || (major === LEAST[0] && minor < LEAST[1])) {
    findings.push(problem(`${where}: version ${version} is too old`, `install Redis ${LEAST.join(".")} or later`));
  }
  const policy = field("maxmemory_policy");
  if (policy !== null && policy !== "noeviction") {
    findings.push(
      problem(
        `${where}: maxmemory-policy is ${policy}, so Redis may delete jobs`,
        "set maxmemory-policy noeviction in redis.conf, or now: redis-cli config set maxmemory-policy noeviction",
      ),
    );
  }
  if (field("aof_enabled") === "0") {
    findings.push(
      problem(
        `${where}: no append-only file, so a crash loses everything since the last snapshot`,
        "set appendonly yes in redis.conf, or now: redis-cli config set appendonly yes",
      ),
    );
  }
  if (field("aof_last_write_status") === "err" || field("rdb_last_bgsave_status") === "err") {
    findings.push(problem(`${where}: Redis cannot write to its disk`, "check its log and the free disk space"));
  }
  const unusable = unusableRedis(info);
  const [what = "", advice = ""] = unusable?.split(": ") ?? [];
  if (unusable !== null) findings.push(problem(`${where}: ${what}`, advice));
  const role = field("role");
  if (role === "slave") findings.push(problem(`${where}: it is a replica`, "set REDIS_URL to its master"));
  return findings.length > 0 ? findings : [ok(`${where}: version ${version}, append-only file, noeviction`)];
}

/** Evaluate a failed connection. Pure. `message`: the error of the connection. */
export function evaluateUnreachable(given: { redisUrl: string; redisNamed: boolean; message: string }): Finding {
  const { redisUrl, redisNamed, message } = given;
  if (/refuses the connection/.test(message))
    return problem(message.split(/: (?:check|give) /)[0] ?? message, refusalAdvice(message));
  if (redisNamed) {
    const advice = redisRestart(redisUrl) ?? "start it, or unset REDIS_URL so that tac8 up starts its own";
    return problem(message.replace(`: ${START}`, ""), advice);
  }
  return note("not running: tac8 up starts its own Redis");
}
