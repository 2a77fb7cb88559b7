import { meaningOf } from "@tac8/core/domain/eventMeaning";
import type { LoggedEvent } from "@tac8/core/domain/events";

/** Return a line for each event in which tac8 reports a defect of its own. Pure. */
export function defectsIn(events: readonly LoggedEvent[]): string[] {
  return events
    .filter((event) => meaningOf(event).of === "defect")
    .map(({ event, issue, from, by, reason }) => `${event} of ${issue}, from ${from} (${by}): ${reason}`);
}
