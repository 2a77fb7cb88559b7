import { messageOf } from "@tac8/core/domain/messageOf";
import { randomUUID } from "node:crypto";
import { availableParallelism, hostname, totalmem } from "node:os";
import { isAbsolute } from "node:path";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { within } from "@tac8/core/app/within";
import { sharedHome } from "@tac8/core/config/agentHome";
import type { Config } from "@tac8/core/config/resolve";
import { missingPrograms } from "@tac8/core/app/checkPrograms";
import { readMachineIds } from "@tac8/core/process/machineIds";
import { StartupProblem } from "@tac8/core/app/main";
import { slotsWhenOpen } from "@tac8/core/domain/admission";
import { isHostCause } from "@tac8/core/domain/host";
import { RECORD_FORMAT } from "@tac8/core/domain/format";
import { makeDataFolder, markDataFolder } from "@tac8/core/app/makeDataFolder";
import { signIn } from "@tac8/core/app/signIn";
import { githubPresence, watchVitals } from "@tac8/core/app/vitals";
import type { Logger } from "@tac8/core/log/logger";
import { createRedactor } from "@tac8/core/log/redact";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { connectRedis } from "@tac8/core/queue/redis";
import { tallyGitHubCalls } from "@tac8/core/ledger/githubCalls";
import { claimHostName } from "./slots/hostNames.ts";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { otherLimits, readLimits } from "@tac8/core/state/limits";
import { removeRunner, runnerId, type RunnerPresence } from "@tac8/core/state/presence";
import { startGitSpawner } from "./agentPlace/helper/gitSpawner.ts";
import { keepAdmission, type AdmissionKeeper } from "./admission/keepAdmission.ts";
import { announce } from "./announce.ts";
import { createClockCheck } from "./host/clockCheck.ts";
import { findResourceLimits, logResourceLimits } from "./host/resourceLimits.ts";
import { watchDisk } from "./host/diskWatch.ts";
import { freeDiskGb, readHost } from "./host/readHost.ts";
import { defaultMaxTasks } from "./host/rlimits.ts";
import { receiveAsks } from "./janitor/asked.ts";
import { startJanitor } from "./janitor/start.ts";
import { endOutdatedHolds } from "./holds/endOutdatedHolds.ts";
import { subscribeToCommands } from "./pipeline/commands.ts";
import type { RunnerServices } from "./pipeline/services.ts";
import { isolationOf, sideOpener } from "./openAgentSide.ts";
import { processJobs } from "./pipeline/processJobs.ts";
import { CleanupStack } from "./process/cleanupStack.ts";
import { startProxy } from "./egress/process.ts";
import { ProcessPool } from "./process/pool.ts";
import { startScanner } from "./secrets/scanner.ts";
import { findCopy, isLaterCopy } from "./slots/copied.ts";
import { recover } from "./slots/recover.ts";
import { takeSlots } from "./slots/slots.ts";
import { createDataFolderCheck } from "./host/dataFolderCheck.ts";
import { openDataFolderId } from "./dataFolder/dataFolderId.ts";
import { recallDataFolderId } from "./dataFolder/recallDataFolderId.ts";

const MB = 1024 ** 2;
/** Time limit to close each part except the jobs. If Redis is reachable, its requests take milliseconds. */
const CLOSE_MS = 1000;

export interface RunnerDeps {
  readonly log: Logger;
  /** Borrowed. */
  readonly redis: Redis;
  /** If it aborts, the start ends. */
  readonly signal: AbortSignal;
  /** Call the handler at each SIGUSR1, which pauses or resumes this runner. */
  readonly onSigusr1?: (handler: () => void) => void;
  /** End this runner's process, so that it is started again. */
  readonly abandon?: (error: Error) => void;
  readonly now?: () => number;
}

export interface RunningRunner {
  readonly name: string;
  /** Requeue running jobs within `shutdown_grace_seconds`, then release everything. Idempotent. */
  close(): Promise<void>;
}

/**
 * Start a runner: it processes up to `max_concurrent_workers` jobs at a time and supervises their agents. The parts are opened
 * one after the other, and closed in the reverse order, so the jobs are closed first. This also holds if the start fails.
 */
export async function start(config: Config, deps: RunnerDeps): Promise<RunningRunner> {
  const { log, redis, signal, onSigusr1, abandon = () => undefined, now = Date.now } = deps;
  const { coordinator } = config;
  const slotCount = coordinator.max_concurrent_workers;
  // One limit for each source of errors, so that the errors of one source do not hide those of another.
  const errorsOf = () => logAtMost({ log, every: 30_000, now });
  await using opened = new CleanupStack();
  /** Close a part at the end, within a time limit: its commands would wait for an unreachable Redis. They end with the connection. */
  const closeLater = (part: { close(): Promise<unknown> }) =>
    opened.defer(async () => {
      const closing = part.close().catch((err: unknown) => log.debug({ err }, "could not close a part of the runner"));
      await within(closing, CLOSE_MS);
    });

  const missing = missingPrograms(config, config.agentEnv["PATH"] ?? "");
  if (missing.length > 0) throw new StartupProblem(missing);
  const github = await signIn(config, { log, redis, signal, now, writes: true });
  const isolation = await isolationOf(config);
  if (isolation.advice === null) log.info(isolation.text);
  else log.warn(`${isolation.text}: ${isolation.advice}`);
  const homes = isolation.mode === "none" ? sharedHome(config) : null;
  if (homes !== null) log.warn(`${homes.text}: ${homes.advice}`);

  // The slots of the data folder, and the jobs that an earlier runner left in them.
  openDataFolder(config.dataFolder, log);
  const store = createIssueStore(redis);
  const dataFolderId = await openDataFolderId(config.dataFolder, () => recallDataFolderId(config.dataFolder, store));
  const system = hostname();
  const wantedHost = config.runner.name || system;
  let host = await claimHostName(redis, { wanted: wantedHost, dataFolderId });
  if (host !== wantedHost) log.warn(`a runner on another machine has the name ${wantedHost}: ${renamed(host)}`);
  const slots = await takeSlots({ dataFolder: config.dataFolder, count: slotCount, host: () => host });
  opened.defer(() => slots.close());
  const id = runnerId(dataFolderId, slots.first);
  const formerId = `${system}/${slots.first}`;
  const name = `${host}/${slots.first}`;
  const machine = await readMachineIds();
  const copy = await findCopy({ redis, id, machine, signal, onWait: (line) => log.info(line) });
  if (copy !== null) throw new StartupProblem(copied(config.dataFolder, copy));
  await removeRunner(redis, formerId); // The entry that this runner had before runners had ids.
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  closeLater(queue);
  const queueErrors = errorsOf();
  queue.on("error", (error) => queueErrors("warn", { err: error }, "queue"));
  await slots.forget(await recover(slots.abandoned, { queue, log, now }));
  const git = startGitSpawner({ path: config.agentEnv["PATH"] ?? "" });
  opened.defer(() => git.close());
  const scanners = new ProcessPool({ start: startScanner, maxIdle: 1 });
  opened.defer(() => scanners.close());
  const proxies = new ProcessPool({ start: () => startProxy(config.agentEnv), maxIdle: slotCount });
  opened.defer(() => proxies.close());
  const openAgentSide = await sideOpener(isolation, { config, log, git, proxies });
  const shared = { github, redis, queue, log, now, store, dataFolderId };
  const services = await servicesOf(config, { ...shared, isolation, openAgentSide, git, scanners });

  // Whether it may accept jobs.
  const clockTrouble = createClockCheck(redis);
  const admitting = await keepAdmission({
    redis,
    runner: { id, name, formerId },
    host: () => host,
    slots: slotCount,
    limits: config.host,
    read: () => readHost({ folders: writtenTo(config), dataFolderTrouble: services.dataFolderTrouble, clockTrouble }),
    log,
    now,
  });
  closeLater(admitting);
  onSigusr1?.(() => admitting.toggle("SIGUSR1"));
  closeLater(await endOutdatedHolds({ config, redis, queue, name, log, errors: errorsOf(), now }));

  // The tasks that clean up.
  const { tokens } = github;
  const janitorServices = { config, store, queue, redis, log, now, id, name, tokens, openAgentSide };
  const janitor = startJanitor(janitorServices);
  closeLater(janitor);
  closeLater(receiveAsks({ ...janitorServices, dataFolderId }));

  // The jobs. They are closed first. Until then, the parts above still receive commands and show the runs.
  signal.throwIfAborted();
  const redisErrors = errorsOf();
  const connection = connectRedis(config.redisUrl, {
    name: "worker",
    onError: (error) => redisErrors("warn", { err: error }, "Redis"),
  });
  opened.defer(() => connection.disconnect());
  const jobs = processJobs({
    services,
    connection,
    name,
    slots,
    shouldLeaveToOther: (busy) => busy >= admitting.limit,
    onJobsChanged: () => admitting.jobsChanged(),
    errors: { worker: errorsOf(), renewal: errorsOf() },
    restartProcess: abandon,
  });
  const { running } = jobs;
  await using unwatched = new CleanupStack();
  unwatched.defer(() => jobs.close());
  await admitting.govern({ worker: jobs.worker, busy: () => running.size, clearUp: () => janitor.hurry() });
  const onPause = (runner: string) => {
    if (runner === id || runner === formerId) admitting.check();
  };
  closeLater(await subscribeToCommands(config.redisUrl, { store, running, onPause, log, errors: errorsOf() }));

  // Presence and metrics.
  const vitals = watchVitals();
  opened.defer(() => vitals.close());
  const presenceErrors = errorsOf();
  const instance = randomUUID();
  let differing: string[] = [];
  const announcing = await announce({
    redis,
    describe: () => ({
      id,
      name: `${host}/${slots.first}`,
      host,
      wantedHost,
      formerId,
      pid: process.pid,
      ...machine,
      instance,
      ...(differing.length === 0 ? {} : { otherLimits: differing }),
      at: now(),
      slots: slotCount,
      labels: config.runner.labels,
      format: RECORD_FORMAT,
      busy: running.size,
      admission: admitting.admission,
      ...forOlderVersions(admitting, slotCount),
      sharedHome: homes,
      isolation: { mode: isolation.mode, text: isolation.text, advice: isolation.advice },
      runs: jobs.progress(),
      machine: { ...admitting.reading, totalMemoryMb: Math.round(totalmem() / MB) },
      process: vitals.read(),
      github: githubPresence(github),
    }),
    before: async () => {
      host = await claimHostName(redis, { wanted: wantedHost, dataFolderId });
      differing = otherLimits(config.limits, await readLimits(redis, config.limits));
    },
    onOther: (other, own) => {
      const ends = isLaterCopy(own, other);
      if (ends) abandon(new Error(copied(config.dataFolder, other.name)));
      return ends;
    },
    tally: tallyGitHubCalls(redis, github.counters),
    onError: (error) => presenceErrors("debug", { err: error }, "could not write this runner's presence to Redis"),
  });
  closeLater(announcing);
  log.info({ runner: name, slots: slotCount }, "runner ready");

  const ending = unwatched.move();
  opened.defer(() => ending.close());
  const all = opened.move();
  let closing: Promise<void> | null = null;
  return {
    name,
    close() {
      closing ??= all.close().then(() => log.info({ runner: name }, "runner closed"));
      return closing;
    },
  };
}

/** Return the fields that versions before `admission` read. */
function forOlderVersions(
  { admission, paused }: AdmissionKeeper,
  slots: number,
): Pick<RunnerPresence, "tired" | "limit" | "paused"> {
  const closing = admission.causes.filter((cause) => cause.effect === "closed" && isHostCause(cause));
  return {
    tired: closing.length === 0 ? null : closing.map(({ text }) => text).join(", "),
    limit: slotsWhenOpen(admission, slots),
    paused,
  };
}

/** @param host the name that it has now */
function renamed(host: string): string {
  return `this one is shown as ${host}; set runner.name in its configuration to call it otherwise`;
}

function copied(dataFolder: string, name: string): string {
  return `the data folder ${dataFolder} is a copy of the data folder of runner ${name}, which is running: set TAC8_HOME to a new folder`;
}

type Given = Pick<
  RunnerServices,
  | "github"
  | "redis"
  | "queue"
  | "log"
  | "now"
  | "isolation"
  | "openAgentSide"
  | "store"
  | "dataFolderId"
  | "git"
  | "scanners"
>;

function openDataFolder(path: string, log: Logger): void {
  try {
    if (makeDataFolder(path)) log.info(`created the data folder ${path}`);
    markDataFolder(path);
  } catch (error) {
    const words = messageOf(error);
    throw new StartupProblem(`the data folder ${path} cannot be used (${words}): set TAC8_HOME to another folder`, {
      cause: error,
    });
  }
}

/** Return the folders that agents fill. The worktrees may be on a separate disk. */
function writtenTo({ dataFolder, worktree }: Config): string[] {
  return isAbsolute(worktree.base_dir) ? [dataFolder, worktree.base_dir] : [dataFolder];
}

async function servicesOf(config: Config, given: Given): Promise<RunnerServices> {
  const resourceLimits = await findResourceLimits({
    maxMb: config.host.max_memory_mb_per_run,
    maxCpus: config.host.max_cpus_per_run,
    maxTasks: config.host.max_processes_per_run ?? defaultMaxTasks(availableParallelism()),
    runs: config.coordinator.max_concurrent_workers,
    uid: process.getuid?.() ?? 0,
    ownUsers: given.isolation.mode === "user",
    path: config.agentEnv["PATH"] ?? "",
  });
  logResourceLimits(resourceLimits, given.log);
  const { dataFolder } = config;
  return {
    ...given,
    get login() {
      return given.github.login;
    },
    config,
    dataFolderTrouble: createDataFolderCheck({ dataFolder, id: given.dataFolderId }),
    resourceLimits,
    disk: watchDisk({
      minFreeGb: config.host.min_free_disk_gb,
      freeGb: () => freeDiskGb(writtenTo(config)),
      log: given.log,
    }),
    redact: createRedactor(config.secrets.values),
  };
}
