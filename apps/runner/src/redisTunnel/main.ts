// Tunnel from runners in containers to a Redis on another machine. It listens on a Unix socket, in a separate container that can
// reach the network. Only the tunnel has the password of that Redis.
import { readFileSync } from "node:fs";
import { EXIT_CONFIG } from "../../../../bin/lib/exitCode.mjs";
import { startHeartbeat } from "@tac8/core/app/heartbeat";
import { removeSecrets } from "@tac8/core/app/ownSecrets";
import { variable } from "@tac8/core/config/environment";
import { describeProblems, loadConfig } from "@tac8/core/config/load";
import { caOf, isSentinelUrl, passwordOf, redisAddress, socketOf } from "@tac8/core/config/redisUrl";
import { lineFormat } from "@tac8/core/log/journal";
import { createLogger } from "@tac8/core/log/logger";
import { openRedisTunnel } from "./open.ts";

const SOCKET = "/run/redis/redis.sock";
/** The only settings that this program uses. */
const OURS = /^(?:REDIS_|LOG_)/;

process.title = "tac8 redis-tunnel";
process.umask(0o077);
const { env } = removeSecrets(process.env);
// No configuration file.
const { draft, problems } = loadConfig({ env: { ...env, TAC8_CONFIG: "/nonexistent" }, cwd: "/" });
const url = draft?.redisUrl ?? "";
const wrong = describeProblems(
  problems.filter(({ key }) => draft === null || OURS.test(key)),
  "",
);
if (wrong !== "") fail(wrong);
else if (variable(env, "REDIS_URL") === null || socketOf(url) !== null) {
  fail("environment variable REDIS_URL: expected rediss://USER@HOST:PORT of the Redis that the runners use");
} else if (isSentinelUrl(url)) {
  fail(
    "environment variable REDIS_URL: names Sentinels, but a tunnel connects to one Redis. Run this machine's runner without containers",
  );
} else await run();

function fail(lines: string): void {
  process.stderr.write(`${lines}\n`);
  process.exitCode = EXIT_CONFIG;
}

async function run(): Promise<void> {
  const password = passwordOf(url);
  const secrets = password ? [password] : [];
  const level = (draft?.logLevel ?? "info") as "info";
  const log = createLogger({ name: "redis-tunnel", level, format: lineFormat(env), secrets });
  const ca = caOf(url);
  const socket = variable(env, "TAC8_REDIS_SOCKET") ?? SOCKET;
  const tunnel = await openRedisTunnel({ socket, url, ca: ca === null ? null : readFileSync(ca, "utf8"), log });
  const heart = startHeartbeat(variable(env, "TAC8_HEARTBEAT_FILE") ?? undefined, log, () => tunnel.ping());
  log.info(`${socket} forwards connections to Redis at ${redisAddress(url)}`);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (heart !== null) clearInterval(heart);
      void tunnel.close().then(() => log.info("closed"));
    });
  }
}
