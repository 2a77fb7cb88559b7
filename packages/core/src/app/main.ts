import { messageOf } from "../domain/messageOf.ts";
import { subscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import type { Redis } from "ioredis";
import { EXIT_CONFIG } from "../../../../bin/lib/exitCode.mjs";
import { describeProblems, loadConfig } from "../config/load.ts";
import type { Config } from "../config/resolve.ts";
import { journalErrors, lineFormat, writesToJournal } from "../log/journal.ts";
import { createLogger, type Logger } from "../log/logger.ts";
import { logAtMost } from "../log/throttleLog.ts";
import { withExit } from "../config/exit.ts";
import { proxyFor } from "../config/proxy.ts";
import { redisAddress } from "../config/redisUrl.ts";
import { connectRedis } from "../queue/redis.ts";
import { markRedis } from "../state/dataFormat.ts";
import { UNEXPECTED_STATE } from "../state/issueStore.ts";
import { isRefused, redisErrorText, refusalAdvice, unusableRedis } from "../queue/redisErrors.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { SECRETS_SHOWN, removeSecrets } from "./ownSecrets.ts";
import { openServiceManager, STATUS, type ServiceManager } from "./serviceManager.ts";
import { PROXY_ADVICE, useProxy } from "./useProxy.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Time to close, after the grace period of running jobs. The sum must be shorter than the stop timeout of Docker and systemd. */
const CLOSE_SECONDS = 10;
const LINGER_MS = 2000;
/** Additional time for the process to exit on a busy machine. */
const SPARE_MS = 10_000;

export interface Running {
  close(): Promise<void>;
}

export interface AppDeps {
  readonly log: Logger;
  readonly redis: Redis;
  /** Aborted when the process receives a stop request while it is starting. */
  readonly signal: AbortSignal;
  /** Calls the handler at each SIGUSR1 from now on; the handler must not throw. Without a handler the signal is only logged. */
  readonly onSigusr1: (handler: () => void) => void;
  /** Closes the app and exits with a code that makes the supervisor restart the process. */
  readonly abandon: (error: Error) => void;
}

/** A problem that an operator must fix. Each line of its message names the problem and the fix. */
export class StartupProblem extends Error {
  override readonly name = "StartupProblem";

  constructor(lines: string | readonly string[], options?: ErrorOptions) {
    super(typeof lines === "string" ? lines : lines.join("\n"), options);
  }
}

/**
 * Run the process of an app: load the configuration, create the logger, wait for Redis (and log that), start the app, handle signals,
 * and shut down. Exit codes: 0 after a clean shutdown, 78 for a problem that an operator must fix, 1 for anything else.
 */
export async function runApp(name: string, start: (config: Config, deps: AppDeps) => Promise<Running>): Promise<void> {
  const sigusr1 = catchSigusr1();
  // An agent that runs `pkill node`, with or without -f, wants to end its own processes, not this one.
  process.title = `tac8 ${name}`;
  const manager = openServiceManager(process.env);
  const { env: own, shown } = removeSecrets(process.env);
  const journal = writesToJournal(own);
  const { env, problem } = withExit(own, (path) => readFileSync(path, "utf8"));
  if (problem !== null) return fail(problem, journal);
  const { config, dataFolder, problems, warnings, path } = loadConfig({ env, cwd: process.cwd() });
  if (config === null) return fail(describeProblems(problems, path), journal);
  const log = createLogger({
    name,
    level: config.logLevel as "info",
    secrets: config.secrets.values,
    format: lineFormat(env),
  });
  subscribe(UNEXPECTED_STATE.name, (line) => log.error(`${String(line)}: report this as a defect of tac8`));
  for (const warning of warnings) log.warn(warning);
  if (shown) log.warn(SECRETS_SHOWN);
  if (dataFolder?.notice) log.info(dataFolder.notice);
  throughProxy(config, env, log);
  sigusr1.handle(() => log.info("ignoring SIGUSR1: only a runner can be paused"));
  const stop = new AbortController();
  manager.ready();
  const watched = watchdog(manager);
  onStopRequest(env, () => stop.abort(new Error("stop requested")));
  const abandon = (error: Error): void => {
    if (stop.signal.aborted) return;
    process.exitCode = reportFailure(error, log);
    stop.abort(error);
  };
  const floods = logAtMost({ log, every: 30_000, now: () => performance.now() });
  const redis = connectRedis(config.redisUrl, {
    name,
    onError: (error) => floods("warn", {}, redisUnreachable(config.redisUrl, error)),
  });
  let app: Running | null = null;
  let heart: NodeJS.Timeout | null = null;
  let late: NodeJS.Timeout | null = null;
  const closeMs = (config.coordinator.shutdown_grace_seconds + CLOSE_SECONDS) * 1000;
  // Installed before the start, because the start may already wait for a Redis that has become unreachable.
  const onStop = (): void => {
    manager.stopping(closeMs + LINGER_MS + SPARE_MS);
    late = setTimeout(() => endNow(log), closeMs);
  };
  stop.signal.addEventListener("abort", onStop, { once: true });
  try {
    manager.status(`waiting for Redis at ${redisAddress(config.redisUrl)}`);
    await reachable(redis, { url: config.redisUrl, signal: stop.signal, log });
    await checkRedis(redis, config.redisUrl);
    manager.status(STATUS.starting);
    app = await start(config, { log, redis, signal: stop.signal, abandon, onSigusr1: sigusr1.handle });
    heart = startHeartbeat(env["TAC8_HEARTBEAT_FILE"], log);
    manager.status(STATUS.working);
    await aborted(stop.signal);
    log.info("closing");
  } catch (error) {
    if (!stop.signal.aborted) process.exitCode = reportFailure(error, log);
    if (error instanceof StartupProblem) manager.status(error.message);
  } finally {
    if (heart !== null) clearInterval(heart);
    try {
      await app?.close();
    } finally {
      clearInterval(watched);
      if (late !== null) clearTimeout(late);
      redis.disconnect();
      // Calls that wait for an unreachable Redis would keep the process alive, although nothing needs their result now.
      setTimeout(() => {
        log.debug({ open: process.getActiveResourcesInfo() }, "some resources are still open: exiting anyway");
        process.exit();
      }, LINGER_MS).unref();
    }
  }
}

/** Send this process's calls to GitHub and its notifications through the proxy that the environment names. */
function throughProxy({ github, secrets: { notify } }: Config, env: Env, log: Logger): void {
  const urls = [github.api_url, notify.slackUrl, notify.ntfyUrl, notify.webhookUrl].filter((url) => url !== null);
  const used = useProxy(env, urls);
  const proxy = proxyFor(github.api_url, env);
  if (proxy === null) return;
  if (used === "used") log.info(`GitHub is reached through the proxy ${proxy.shown} (${proxy.variable})`);
  else log.warn(`${proxy.variable} is set, and Node ${process.version} cannot use a proxy: ${PROXY_ADVICE}`);
}

/** Exit although the start or the shutdown of the app has not finished. */
function endNow(log: Logger): void {
  log.error("could not close in time: exiting anyway");
  process.exit(1);
}

function fail(message: string, journal: boolean): void {
  process.stderr.write(`${journal ? journalErrors(message) : message}\n`);
  process.exitCode = EXIT_CONFIG;
}

/** Report a failure: as plain lines if an operator can fix it, otherwise with its stack. @returns the exit code */
function reportFailure(error: unknown, log: Logger): number {
  if (!(error instanceof StartupProblem)) {
    log.fatal({ err: error }, messageOf(error));
    return 1;
  }
  for (const line of error.message.split("\n")) log.fatal(line);
  return EXIT_CONFIG;
}

/** Return one line for the operator, without the error's stack: it names only the code of the Redis client. */
function redisUnreachable(url: string, error: Error): string {
  // `tac8 up` sets this variable if it started the Redis itself.
  const start = process.env["TAC8_REDIS_KEPT"] === "1" ? "tac8 up restarts it" : "start it, or set REDIS_URL";
  const advice = isRefused(error) ? refusalAdvice(error.message) : start;
  return `waiting for Redis at ${redisAddress(url)} (${redisErrorText(error)}): ${advice}`;
}

/** Call `stop` at SIGTERM and SIGINT. For a child of `tac8 up`, also call it when standard input ends, because the parent ended. */
function onStopRequest(env: Env, stop: () => void): void {
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  if (env["TAC8_STOP_ON_STDIN_EOF"] !== "1") return;
  process.stdin.on("end", stop).on("error", stop).resume();
  process.stdin.unref?.();
}

/** Catch SIGUSR1. Every app calls this first, because Node's default for SIGUSR1 is to open a debugger port. */
function catchSigusr1(): { readonly handle: (handler: () => void) => void } {
  let current = (): void => undefined;
  process.on("SIGUSR1", () => current());
  return {
    handle(handler) {
      current = handler;
    },
  };
}

async function reachable(
  redis: Redis,
  { url, signal, log }: { readonly url: string; readonly signal: AbortSignal; readonly log: Logger },
): Promise<void> {
  if (redis.status === "ready") return;
  // A connection that hangs reports no error.
  const reminder = setTimeout(() => log.warn(`waiting for Redis at ${redisAddress(url)}`), 2000);
  try {
    await new Promise<void>((resolve, reject) => {
      redis.once("ready", resolve);
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
  } finally {
    clearTimeout(reminder);
  }
}

/** @throws StartupProblem when this Redis cannot be used and waiting does not help */
async function checkRedis(redis: Redis, url: string): Promise<void> {
  const where = `Redis at ${redisAddress(url)}`;
  const info = await redis.info().catch((error: Error) => error);
  if (info instanceof Error) {
    if (!isRefused(info)) throw info;
    throw new StartupProblem(`${where} refuses the connection (${info.message}): ${refusalAdvice(info.message)}`);
  }
  const unusable = unusableRedis(info);
  if (unusable !== null) throw new StartupProblem(`${where}: ${unusable}`);
  const newer = await markRedis(redis);
  if (newer !== null) throw new StartupProblem(`${where} ${newer}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Notify systemd's watchdog while the process starts, works and closes. */
function watchdog(manager: ServiceManager): NodeJS.Timeout {
  manager.alive();
  return setInterval(() => manager.alive(), manager.aliveMs);
}
