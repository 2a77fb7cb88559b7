import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { readMachineIds } from "@tac8/core/process/machineIds";
import { valueWithin } from "@tac8/core/app/within";
import { signIn } from "@tac8/core/app/signIn";
import { githubPresence, watchVitals } from "@tac8/core/app/vitals";
import type { Config } from "@tac8/core/config/resolve";
import type { Logger } from "@tac8/core/log/logger";
import { logAtMost } from "@tac8/core/log/throttleLog";
import { QUEUE_NAME, type JobData, type JobResult } from "@tac8/core/queue/contract";
import { tallyGitHubCalls } from "@tac8/core/ledger/githubCalls";
import { createIssueStore } from "@tac8/core/state/issueStore";
import { endScheduler, forgetRunners } from "@tac8/core/state/presence";
import { createBreaker } from "./breaker.ts";
import { createBudget } from "./budget.ts";
import { createHealth } from "./health.ts";
import { reconcileHolds } from "./holds.ts";
import { createLedger } from "./ledger.ts";
import { createSchedulerLease } from "@tac8/core/state/schedulerLease";
import { untilNextRound } from "./nextRound.ts";
import { createNotifier } from "./notify/notify.ts";
import { createOffers, limitQueue } from "./offers.ts";
import { createPoll } from "./poll.ts";
import { createShareKeeper } from "./keepShare.ts";
import { standBy } from "./standBy.ts";
import { createStops } from "./stops.ts";
import { createTextFile } from "./tasks/file.ts";
import { renderTasks } from "./tasks/page.ts";
import { readTasks } from "./tasks/readTasks.ts";
import { rescueStalled } from "./stalled.ts";
import { createWaker } from "./wake.ts";

export interface SchedulerDeps {
  readonly log: Logger;
  /** Borrowed. */
  readonly redis: Redis;
  /** Aborts the start. */
  readonly signal: AbortSignal;
  readonly now?: () => number;
}

export interface RunningScheduler {
  /** Idempotent; takes about 2 s at most. */
  close(): Promise<void>;
}

/** Interval of the checks of holds and of the limit of the queue. They are more frequent than the polls of GitHub. */
const HOLDS_MS = 2000;
/** Maximum age of `tasks.md`. */
const TASKS_MS = 5000;
const LEDGER_MS = 2000;
/** Interval at which the counts of GitHub calls are stored. It is long, because each time makes Redis write to its disk. */
const TALLY_MS = 60_000;
const FORGET_MS = 3_600_000;
/** Interval of the checks for stops. It is short, because a user waits for the stop. */
const STOPS_MS = 1000;
/** Interval at which deferred jobs are offered again. It is short, because the first offers may reach runners that cannot process them. */
const OFFERS_MS = 1000;
const HEALTH_MS = 3000;
const NOTIFY_MS = 2000;
/** Interval of the checks of the shared address, for which the runners of other machines wait. */
const SHARE_MS = 15_000;
const CLOSE_MS = 2000;
/** Minimum time between two log lines about errors of the same round. */
const LOG_MS = 30_000;

/**
 * Start the scheduler. It reads GitHub and the queue at each interval, plans and acts. While another scheduler has the lease, it
 * stands by. It has no state of its own.
 */
export async function start(config: Config, deps: SchedulerDeps): Promise<RunningScheduler> {
  const { log, redis, now = Date.now } = deps;
  const github = await signIn(config, {
    log,
    redis,
    signal: deps.signal,
    now,
    writes: false, // Only the runner checks write access, because it makes most of the writes.
  });
  const queue = new Queue<JobData, JobResult>(QUEUE_NAME, { connection: redis });
  const throttled = () => logAtMost({ log, every: LOG_MS, now });
  const logQueueError = throttled();
  const logRescueError = throttled();
  queue.on("error", (err) => logQueueError("warn", { err }, "the queue reported an error"));
  const endRescue = await rescueStalled({
    redis,
    lockSeconds: config.coordinator.lock_seconds,
    onError: (err) => logRescueError("warn", { err }, "searching for stalled jobs failed"),
  });
  const stop = new AbortController();
  const store = createIssueStore(redis);
  const watch = watchVitals();
  let sharing: string | null = null;
  const vitals = () => ({
    process: watch.read(),
    github: githubPresence(github),
    ...(sharing === null ? {} : { sharing }),
  });
  const shared = {
    config,
    github,
    queue,
    redis,
    store,
    log,
    now,
    vitals,
    get login() {
      return github.login;
    },
  };
  const writeTasks = createTextFile(join(config.dataFolder, "tasks.md"));
  const how = { worktrees: config.worktree.base_dir, manyRepositories: config.repositories.length > 1 };

  async function tasks(): Promise<void> {
    await writeTasks(renderTasks(await readTasks({ queue, store }, new Date(now()).setHours(0, 0, 0, 0)), how));
  }

  /** Repeat a round. Each round has its own throttled log, so that one that always fails does not hide the errors of another. */
  async function every(ms: number, { round, signal, work }: Round): Promise<void> {
    const logRoundError = throttled();
    while (!signal.aborted) {
      try {
        await work();
      } catch (err) {
        if (!signal.aborted) logRoundError("error", { err, round }, "a round of the scheduler failed");
      }
      await sleep(untilNextRound(performance.now(), ms), undefined, { signal }).catch(() => {});
    }
  }

  const { breaker_failures: failures, backoff_factor: factor } = config.coordinator;
  const tally = tallyGitHubCalls(redis, github.counters);
  const names = config.repositories.map(({ owner, repo }) => `${owner}/${repo}`);

  /** Start the rounds of a scheduler that has the lease. */
  function lead(signal: AbortSignal): { readonly done: Promise<unknown> } {
    const services = { ...shared, signal };
    const breaker = createBreaker({ redis, queue, log, now, failures, factor });
    const wake = createWaker({ redis, queue, log, now });
    async function holds(): Promise<void> {
      try {
        await breaker();
      } finally {
        await reconcileHolds({ redis, queue, log, now: now() });
      }
      await wake();
    }
    const rounds: readonly [number, string, () => Promise<void>][] = [
      [config.coordinator.poll_interval_seconds * 1000, "poll", createPoll(services)],
      [HOLDS_MS, "holds", holds],
      [FORGET_MS, "former runners", () => forgetRunners(redis, now())],
      [OFFERS_MS, "offers", createOffers({ config, redis, queue, now })],
      [HOLDS_MS, "limit of the queue", () => limitQueue({ config, redis, queue, now })],
      [STOPS_MS, "stops", createStops(services)],
      [TASKS_MS, "tasks", tasks],
      [LEDGER_MS, "ledger", createLedger({ redis, queue, now })],
      [LEDGER_MS, "budget", createBudget({ config, redis, log, now })],
      [TALLY_MS, "GitHub calls", tally],
      [HEALTH_MS, "health", createHealth({ config, redis, queue, log, now })],
      [NOTIFY_MS, "notifications", createNotifier({ config, redis, queue, store, log, now, signal })],
    ];
    log.info({ repositories: names, every: config.coordinator.poll_interval_seconds }, "scheduler ready");
    return { done: Promise.all(rounds.map(([ms, round, work]) => every(ms, { round, signal, work }))) };
  }

  const lease = createSchedulerLease(redis, {
    host: config.runner.name || hostname(),
    repositories: names,
    machine: await readMachineIds(),
  });
  const leading = standBy({ lease, lead, repositories: names, log, errors: throttled(), signal: stop.signal });
  // Also while standing by, because the shared address belongs to this machine.
  const report = (problem: string | null): void => void (sharing = problem);
  const keepShare = createShareKeeper({ config, redis, log, report });
  const keeping = every(SHARE_MS, { round: "shared address", signal: stop.signal, work: keepShare });
  let closing: Promise<void> | null = null;
  async function shutDown(): Promise<void> {
    const isOurs = lease.leftMs() > 0;
    stop.abort(new Error("the scheduler is closing"));
    watch.close();
    // Commands wait while Redis is unreachable. The owner of the connection ends them with it.
    await valueWithin(Promise.all([leading, keeping]), CLOSE_MS, () => undefined);
    async function leave(): Promise<void> {
      if (isOurs) await endScheduler(redis);
      await lease.release();
    }
    const last = redis.status === "ready" ? [tally().catch(() => {}), leave().catch(() => {})] : [];
    await valueWithin(Promise.all([queue.close(), endRescue(), ...last]), CLOSE_MS, () => undefined);
  }
  return {
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}

interface Round {
  /** For the log. */
  readonly round: string;
  readonly signal: AbortSignal;
  readonly work: () => Promise<void>;
}
