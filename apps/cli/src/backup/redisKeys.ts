import { QUEUE_NAME } from "@tac8/core/queue/contract";
import {
  cleanResultKey,
  cleanRequestKey,
  HEALTH_KEY,
  LEASE_KEY,
  RUNNERS_KEY,
  SCHEDULER_KEY,
  STANDBY_KEY,
} from "@tac8/core/state/keys";

const QUEUE = `bull:${QUEUE_NAME}:`;

/** Patterns of all keys of tac8 in Redis: its own keys and those of its queue. */
export const PATTERNS = ["tac8:*", `${QUEUE}*`];

const OF_PROCESSES: ReadonlySet<string> = new Set([
  RUNNERS_KEY,
  SCHEDULER_KEY,
  LEASE_KEY,
  STANDBY_KEY,
  HEALTH_KEY,
  `${QUEUE}stalled-check`,
]);

/** Whether a key outlives the processes. Locks and the keys in which processes announce themselves do not. Pure. */
export function outlivesProcesses(key: string): boolean {
  const isLock = key.startsWith(QUEUE) && key.endsWith(":lock");
  return (
    !isLock && !OF_PROCESSES.has(key) && !key.startsWith(cleanRequestKey("")) && !key.startsWith(cleanResultKey(""))
  );
}
