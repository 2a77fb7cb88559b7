/** Value of `by` in the events and holds of the scheduler. */
export const EVENT_SOURCE = "scheduler";
