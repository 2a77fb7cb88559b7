import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { hostname, totalmem } from "node:os";
import { join } from "node:path";
import { DelayedError, Queue, Worker } from "bullmq";
import type { Redis } from "ioredis";
import type { Config } from "@tac8/core/config/resolve";
import { missingPrograms } from "@tac8/core/app/checkPrograms";
import { StartupProblem } from "@tac8/core/app/main";
import { signIn } from "@tac8/core/app/signIn";
import { githubPresence, watchVitals } from "@tac8/core/app/vitals";
import type { Logger } from "@tac8/core/log/logger";
import { countFlood } from "@tac8/core/log/flood";
import { createRedactor } from "@tac8/core/log/redact";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { backoffStrategy, QUEUE_NAME, workerTimes, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { tallyGitHubCalls } from "@tac8/core/ledger/githubCalls";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { announceRunner, removeRunner } from "@tac8/core/state/presence";
import { within } from "./agent/within.ts";
import { findCeiling, sayCeiling } from "./host/ceiling.ts";
import { keepPace, type PaceKeeper } from "./host/keepPace.ts";
import { readHost } from "./host/read.ts";
import { watchHost } from "./host/watch.ts";
import { hearAsks } from "./janitor/asked.ts";
import { startJanitor } from "./janitor/start.ts";
import { HaltSwitch } from "./run/halt.ts";
import { Lease } from "./run/lease.ts";
import { processJob } from "./run/process.ts";
import type { Progress } from "./run/progress.ts";
import type { RunnerServices } from "./run/context.ts";
import { createBrake } from "./rest/brake.ts";
import { watchPause } from "./rest/watchPause.ts";
import { recover } from "./slots/recover.ts";
import { takeSlots } from "./slots/slots.ts";
import { commandsOf } from "./run/commands.ts";

const ANNOUNCE_MS = 5000;
const MB = 1024 ** 2;
/** A lost connection gives an error every 2 s; a Redis that refuses writes has a worker spin, with 25,000 in 4 s. */
const SPINNING = { limit: 1000, windowMs: 10_000, windows: 6 };
/** What an orderly end needs of Redis takes milliseconds where there is one. */
const REDIS_MS = 3000;
/** A worker that was waiting when it was paused takes one more job: another runner should have it. */
const PASS_ON_MS = 5000;

export interface RunnerDeps {
  readonly log: Logger;
  /** Borrowed. */
  readonly redis: Redis;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  /** Calls the handler at each SIGUSR1: it pauses and resumes this runner. */
  readonly onSigusr1?: (handler: () => void) => void;
  /** Ends this runner's process, to be started anew. */
  readonly abandon?: (error: Error) => void;
  readonly now?: () => number;
}

export interface RunningRunner {
  readonly name: string;
  /** Hands running jobs back within `shutdown_grace_seconds`, then lets go of everything. Idempotent. */
  close(): Promise<void>;
}

/** Takes jobs, as many at once as `max_concurrent_workers`, and looks after their agents. */
export async function start(
  config: Config,
  { log, redis, signal, onSigusr1, abandon, now = Date.now }: RunnerDeps,
): Promise<RunningRunner> {
  const { coordinator } = config;
  // One for each source: the first line of one must not hide another's.
  const errorsOf = () => logAtMost({ log, every: 30_000, now });
  const redisErrors = errorsOf();
  const queueErrors = errorsOf();
  const workerErrors = errorsOf();
  const renewalErrors = errorsOf();
  const presenceErrors = errorsOf();
  const missing = missingPrograms(config, config.agentEnv["PATH"] ?? "");
  if (missing.length > 0) throw new StartupProblem(missing);
  const { github, login } = await signIn(config, { log, signal, now });
  log.info("agents run as this runner's own Unix user: what separates them guards against accidents only");
  const host = hostname();
  const slots = await takeSlots({ home: config.home, count: coordinator.max_concurrent_workers, host });
  const connection = connectRedis(config.redisUrl, {
    name: "worker",
    onError: (error) => redisErrors("warn", { err: error }, "Redis"),
  });
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  queue.on("error", (error) => queueErrors("warn", { err: error }, "queue"));
  await slots.forget(await recover(slots.abandoned, { queue, log, now }));

  const ceiling = await findCeiling({
    maxMb: config.host.max_memory_mb_per_run,
    maxCpus: config.host.max_cpus_per_run,
    uid: process.getuid?.() ?? 0,
    path: config.agentEnv["PATH"] ?? "",
  });
  sayCeiling(ceiling, log);
  const services: RunnerServices = {
    config,
    github,
    login,
    redis,
    log,
    now,
    store: createIssueStore(redis),
    homeId: await homeId(config.home),
    ceiling,
    redact: createRedactor(config.secrets.values),
  };
  const hostWatch = await watchHost({ limits: config.host, read: () => readHost(config.home), log });
  const name = `${host}/${slots.first}`;
  const pauseWatch = await watchPause({ redis, runner: name, log, now });
  onSigusr1?.(() => pauseWatch.toggle("SIGUSR1"));
  const running = new Map<string, HaltSwitch>();
  const times = workerTimes(coordinator.lock_seconds);
  const { lockDuration = 0 } = times;
  const progress = new Map<string, Progress>();
  const vitals = watchVitals();
  let pace: PaceKeeper | null = null;
  const worker = new Worker<JobData, JobResult>(
    QUEUE_NAME,
    async (job, token) => {
      const jobId = job.id ?? "";
      const full = running.size >= (pace?.limit ?? Infinity);
      if (hostWatch.tired !== null || pauseWatch.paused !== null || full) {
        await job.moveToDelayed(now() + PASS_ON_MS, token);
        throw new DelayedError();
      }
      const halt = new HaltSwitch();
      const slot = slots.take();
      running.set(jobId, halt);
      pace?.moved();
      const lease = new Lease({
        lockSeconds: coordinator.lock_seconds,
        renew: async () => (await job.extendLock(token ?? "", lockDuration)) === 1,
        onLapse() {
          const reason = "the job's lock could not be renewed in time";
          log.warn({ issue: jobId }, `${reason}: letting go of the job, check that Redis answers`);
          halt.request("lost", reason);
        },
        onGone: () => halt.request("lost", "the job's lock was lost"),
        onError: (error) => renewalErrors("warn", { err: error }, "the job's lock could not be renewed"),
      });
      try {
        return await processJob({
          services,
          job,
          token: token ?? "",
          slot,
          switch: halt,
          leftMs: () => lease.leftMs(),
          onProgress: (seen) => void progress.set(jobId, seen),
        });
      } finally {
        // The next run of this job may have begun while this one let go.
        if (running.get(jobId) === halt) {
          running.delete(jobId);
          progress.delete(jobId);
        }
        pace?.moved();
        lease.close();
        slot.release();
      }
    },
    {
      connection,
      name,
      concurrency: coordinator.max_concurrent_workers,
      ...times,
      skipLockRenewal: true, // See `Lease`.
      settings: { backoffStrategy },
    },
  );
  const lasts = countFlood({ ...SPINNING, now: () => performance.now() });
  worker.on("error", (error) => {
    workerErrors("warn", { err: error }, "worker");
    if (lasts()) abandon?.(new Error(spinning(error), { cause: error }));
  });
  const brake = createBrake(worker);
  await hostWatch.govern(brake.lever());
  await pauseWatch.govern(brake.lever());
  const commands = await commandsOf(config.redisUrl, {
    store: services.store,
    running,
    onPause: (runner) => {
      if (runner === name) pauseWatch.look();
    },
    log,
    errors: errorsOf(),
  });
  const tally = tallyGitHubCalls(redis, github.counters);
  const present = () =>
    announceRunner(redis, {
      name,
      host,
      pid: process.pid,
      at: now(),
      slots: coordinator.max_concurrent_workers,
      busy: running.size,
      tired: hostWatch.tired,
      limit: pace?.limit,
      paused: pauseWatch.paused,
      runs: [...progress.values()].map(({ seen }) => seen),
      machine: { ...hostWatch.reading, totalMemoryMb: Math.round(totalmem() / MB) },
      process: vitals.look(),
      github: githubPresence(github),
    })
      .then(tally)
      .catch((error: unknown) => presenceErrors("debug", { err: error }, "could not announce this runner"));
  const janitorServices = { config, store: services.store, queue, redis, log, now, name };
  const janitor = startJanitor(janitorServices);
  const asks = hearAsks({ ...janitorServices, homeId: services.homeId });
  pace = keepPace({
    redis,
    worker: brake.lever(),
    host,
    slots: coordinator.max_concurrent_workers,
    busy: () => running.size,
    clearUp: () => janitor.hurry(),
    log,
    now,
  });
  const announcing = setInterval(() => void present(), ANNOUNCE_MS);
  await present();
  log.info({ runner: name, slots: coordinator.max_concurrent_workers }, "runner ready");

  let closing: Promise<void> | null = null;
  async function shutDown(): Promise<void> {
    const grace = coordinator.shutdown_grace_seconds * 1000;
    for (const halt of running.values()) halt.request("shutdown", "the runner is shutting down");
    const abandon = setTimeout(() => {
      for (const halt of running.values()) halt.abandon();
    }, grace);
    // While Redis is away its commands wait for it without end: nobody waits for them longer than for an agent.
    const closed = await within(worker.close(), (running.size > 0 ? grace : 0) + REDIS_MS);
    clearTimeout(abandon);
    clearInterval(announcing);
    vitals.close();
    if (!closed) sayUnfinished([...running.keys()]);
    await hostWatch.close();
    await pauseWatch.close();
    await within(pace?.close() ?? Promise.resolve(), REDIS_MS);
    await commands.close();
    await janitor.close();
    await within(asks.close(), REDIS_MS);
    if (redis.status === "ready") await within(Promise.allSettled([tally(), removeRunner(redis, name)]), REDIS_MS);
    await within(queue.close(), REDIS_MS);
    connection.disconnect();
    slots.close();
    log.info({ runner: name }, "runner closed");
  }
  function sayUnfinished(jobs: readonly string[]): void {
    const advice =
      "check that Redis answers; their work so far is in their workspaces, and their locks end by themselves";
    log.warn({ jobs }, `closed without handing back ${jobs.length} running jobs: ${advice}`);
  }
  return {
    name,
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

function spinning(error: Error): string {
  return `for a minute nearly every command to Redis has failed (${error.message}): check its memory (maxmemory) and that it takes writes; this runner ends, to be started again`;
}

/** The data folder's own id: an agent's session lives in one folder, whatever the host is called today. */
async function homeId(home: string): Promise<string> {
  await mkdir(home, { recursive: true });
  const file = join(home, "id");
  try {
    await writeFile(file, randomUUID(), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return (await readFile(file, "utf8")).trim();
}
