/** Redis keys of tac8, in addition to those of BullMQ. */
export const EVENTS_KEY = "tac8:events";
export const HOLDS_KEY = "tac8:holds";
/** State of the breaker: JSON, see domain/breaker.ts. */
export const BREAKER_KEY = "tac8:breaker";
/** The scheduler's evaluation of the health of tac8: JSON, see state/healthEvaluation.ts. */
export const HEALTH_KEY = "tac8:health";
/** Presence of each runner: hash by the runner's id, see state/presence.ts. */
export const RUNNERS_KEY = "tac8:runners";
/** Presence of the active scheduler. */
export const SCHEDULER_KEY = "tac8:scheduler";
/** Lease of the active scheduler, see state/schedulerLease.ts. */
export const LEASE_KEY = "tac8:scheduler:lease";
/** Exists while another scheduler waits for the lease. */
export const STANDBY_KEY = "tac8:scheduler:standby";
/** Pauses of runners: hash by the runner's id, see state/pause.ts. */
export const PAUSES_KEY = "tac8:pauses";
/** Pub/sub channel with the id of a runner whose pause has changed. */
export const PAUSES_CHANNEL = "tac8:paused";
/** Today's budget as the scheduler has published it, and the day whose limits were lifted: hash, see state/budget.ts. */
export const BUDGET_KEY = "tac8:budget";
/** The scheduler's limits on concurrent runs: JSON, see state/limits.ts. */
export const LIMITS_KEY = "tac8:limits";
/** Set of job ids: issues whose stop by an operator may still have to be done, or reported on GitHub. */
export const STOPS_KEY = "tac8:stops";
/** The sums of the ledger, and the position in the event log up to which they are counted: see ledger/. */
export const TOTALS_KEY = "tac8:totals";
export const SAMPLES_KEY = "tac8:samples";
/** Position in the event log up to which notifications were sent, for each target: see notify/. */
export const NOTIFY_KEY = "tac8:notify";
export const NOTIFY_PENDING_KEY = "tac8:notify:pending";
/** Time from which issues of a repository may be queued: hash by repository. Missing: Redis is new, or was emptied. */
export const REDIS_RESET_KEY = "tac8:epoch";
/** Account of a GitHub App's token, as GitHub reported it: hash by the API's address. */
export const ACCOUNTS_KEY = "tac8:accounts";
/** Pub/sub channel that wakes the runner of a command; the command itself is in the record. */
export const COMMANDS_CHANNEL = "tac8:commands";

/** The ledger's sums of one day, `2026-11-25`. */
export function dayKey(day: string): string {
  return `tac8:day:${day}`;
}

/** The shortened diff of the pull request, which can be read from every machine. */
export function diffKey(jobId: string): string {
  return `tac8:diff:${jobId}`;
}

export function issueKey(jobId: string): string {
  return `tac8:issue:${jobId}`;
}

/** Capped stream with the shortened conversation of a run. */
export function runStreamKey(runId: string): string {
  return `tac8:run:${runId}`;
}

/** Request to the runner with this id, JSON. Removed when the runner has received it. */
export function cleanRequestKey(runner: string): string {
  return `tac8:ask:${runner}`;
}

/** Id of the data folder whose runners have this host name, see apps/runner/src/slots/hostNames.ts. */
export function hostNameKey(name: string): string {
  return `tac8:host:${name}`;
}

/** Set of the reasons why jobs were deferred. For each reason, a sorted set has the jobs, see state/permits.ts. */
export const DEFERRED_KEY = "tac8:unplaced";
export function deferredKey(reason: string): string {
  return `tac8:unplaced:${reason}`;
}

/** Sorted set of the runs that count for a limit, by the time at which they expire. */
export function counterKey(name: string): string {
  return `tac8:counter:${name}`;
}

/** The limit on concurrent runs of all runners that the scheduler has set in the queue. */
export const QUEUE_LIMIT_KEY = "tac8:queue-limit";

/** Format of the data in this Redis, see domain/format.ts. */
export const FORMAT_KEY = "tac8:format";

/** List with the answers to a request. */
export function cleanResultKey(askId: string): string {
  return `tac8:answer:${askId}`;
}
