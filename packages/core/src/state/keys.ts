/** Redis keys beside BullMQ's own. */
export const EVENTS_KEY = "tac8:events";
export const HOLDS_KEY = "tac8:holds";
/** What the breaker is about: JSON, see domain/breaker.ts. */
export const BREAKER_KEY = "tac8:breaker";
/** How the scheduler evaluates all of tac8: JSON, see healthVerdict.ts. */
export const HEALTH_KEY = "tac8:health";
/** Hash by runner's id: what it reports about itself, see state/presence.ts. */
export const RUNNERS_KEY = "tac8:runners";
/** What the scheduler that is at work reports about itself. */
export const SCHEDULER_KEY = "tac8:scheduler";
/** Which scheduler may work, see state/schedulerLease.ts. */
export const LEASE_KEY = "tac8:scheduler:lease";
/** There while another scheduler waits for the lease. */
export const STANDBY_KEY = "tac8:scheduler:standby";
/** Hash by runner's id: which of them a user has paused, see state/pause.ts. */
export const PAUSES_KEY = "tac8:pauses";
/** Pub/sub channel that tells the runner with this id to look there. */
export const PAUSES_CHANNEL = "tac8:paused";
/** Hash: today's budget as the scheduler has published it, and the day whose limits were lifted, see state/budget.ts. */
export const BUDGET_KEY = "tac8:budget";
/** JSON: the scheduler's limits of runs at once, see state/limits.ts. */
export const LIMITS_KEY = "tac8:limits";
/** Set of job ids: stops by an operator that a user may still have to do or to tell. */
export const STOPS_KEY = "tac8:stops";
/** What was counted from the event log, and how far it was read: see ledger/. */
export const TOTALS_KEY = "tac8:totals";
export const SAMPLES_KEY = "tac8:samples";
/** How far those who are told have been told: see notify/. */
export const NOTIFY_KEY = "tac8:notify";
export const NOTIFY_PENDING_KEY = "tac8:notify:pending";
/** Hash by repository: from when on issues may be added. Missing: Redis is new, or was emptied. */
export const REDIS_RESET_KEY = "tac8:epoch";
/** Hash by the API's address: the account of a GitHub App's token, as GitHub named it. */
export const ACCOUNTS_KEY = "tac8:accounts";
/** Pub/sub channel that wakes those who wait for a command; the command itself is in the hash. */
export const COMMANDS_CHANNEL = "tac8:commands";

/** What was counted on one day, `2026-11-25`. */
export function dayKey(day: string): string {
  return `tac8:day:${day}`;
}

/** The pull request's diff, shortened, for reading it from anywhere. */
export function diffKey(jobId: string): string {
  return `tac8:diff:${jobId}`;
}

export function issueKey(jobId: string): string {
  return `tac8:issue:${jobId}`;
}

/** Capped stream of what a run's agent says, shortened. */
export function runStreamKey(runId: string): string {
  return `tac8:run:${runId}`;
}

/** What the runner with this id is asked to do at once, JSON; gone when it was received. */
export function askKey(runner: string): string {
  return `tac8:ask:${runner}`;
}

/** Id of the data folder whose runners have this name, see apps/runner/src/slots/hostNames.ts. */
export function hostNameKey(name: string): string {
  return `tac8:host:${name}`;
}

/** Set of the reasons for which jobs found no place, and for each of them a sorted set of these jobs, see state/places.ts. */
export const UNPLACED_KEY = "tac8:unplaced";
export function unplacedKey(reason: string): string {
  return `tac8:unplaced:${reason}`;
}

/** Sorted set of the runs that count in a limit, by the end of their lives. */
export function counterKey(name: string): string {
  return `tac8:counter:${name}`;
}

/** The limit over all runners that the scheduler has given the queue. */
export const QUEUE_LIMIT_KEY = "tac8:queue-limit";

/** Version of the data in this Redis, see domain/format.ts. */
export const FORMAT_KEY = "tac8:format";

/** List with the answer. */
export function answerKey(askId: string): string {
  return `tac8:answer:${askId}`;
}
