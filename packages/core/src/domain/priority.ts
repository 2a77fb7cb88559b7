/** Priority of an issue, from a label such as `priority:P0`; P2 without one. */
export type Priority = "P0" | "P1" | "P2";

export const PRIORITIES: readonly Priority[] = ["P0", "P1", "P2"];

export function priorityLabel(priority: Priority): string {
  return `priority:${priority}`;
}

/** Return the most urgent priority among the labels, which are not case-sensitive. */
export function priorityOf(labels: readonly string[]): Priority {
  const lower = labels.map((label) => label.toLowerCase());
  return PRIORITIES.find((priority) => lower.includes(priorityLabel(priority).toLowerCase())) ?? "P2";
}

/** Return BullMQ's number that goes before new work of the same priority. @param priority BullMQ's number */
export function priorityBeforeNewWork(priority: number): number {
  return priority % 2 === 0 ? Math.max(1, priority - 1) : priority;
}

/**
 * Return BullMQ's number for a priority: 1 runs first (0 would run before all others). Work that has begun, or was deferred at the head of
 * the queue, goes before new work of the same priority. BullMQ keeps the order of queueing within one number.
 */
export function queuePriority(priority: Priority, beforeNewWork: boolean): number {
  return PRIORITIES.indexOf(priority) * 2 + (beforeNewWork ? 1 : 2);
}
