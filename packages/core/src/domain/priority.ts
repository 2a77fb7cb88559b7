/** What a `priority:P0` label says; P2 where none does. */
export type Priority = "P0" | "P1" | "P2";

export const PRIORITIES: readonly Priority[] = ["P0", "P1", "P2"];

export function priorityLabel(priority: Priority): string {
  return `priority:${priority}`;
}

/** The most urgent priority among the labels; their case does not matter. */
export function priorityOf(labels: readonly string[]): Priority {
  const lower = labels.map((label) => label.toLowerCase());
  return PRIORITIES.find((priority) => lower.includes(priorityLabel(priority).toLowerCase())) ?? "P2";
}

/** The number of begun work of the same label. */
export function begunPriority(priority: number): number {
  return priority % 2 === 0 ? Math.max(1, priority - 1) : priority;
}

/**
 * BullMQ's number: 1 runs first (0 would jump every queue). Begun work goes before new work of the same label, and
 * BullMQ keeps the order of queueing within one number.
 */
export function queuePriority(priority: Priority, begun: boolean): number {
  return PRIORITIES.indexOf(priority) * 2 + (begun ? 1 : 2);
}
