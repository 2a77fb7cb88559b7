import { endedWell } from "../domain/states.ts";
import { meaningOf, type Meaning } from "../domain/eventMeaning.ts";
import type { LoggedEvent } from "../domain/events.ts";

/** How a run ended: with something for people to see, or failed, whether it is tried again or not. */
export interface RunEnd {
  /** Epoch ms. */
  readonly at: number;
  readonly well: boolean;
}

/** The newest that are kept. */
export const MAX_ENDS = 100;

/** What these events add, as text: `+<seconds>` or `-<seconds>` since 1970 for each end, each with a blank behind it. */
export function endsIn(events: readonly LoggedEvent[]): string {
  return events.map(endOf).join("");
}

function endOf(event: LoggedEvent): string {
  const well = succeeded(meaningOf(event));
  return well === null ? "" : `${well ? "+" : "-"}${Math.floor(Date.parse(event.at) / 1000)} `;
}

/** Null: parked runs and those that a user ended say nothing about how well things go. */
function succeeded(meaning: Meaning): boolean | null {
  if (meaning.of === "attempt") return meaning.next === "retry" && meaning.failure !== "edited" ? false : null;
  if (meaning.of !== "end") return null;
  if (endedWell(meaning.outcome) || meaning.outcome === "blocked") return true;
  // Not how well runs go: its author edited the issue.
  return meaning.outcome === "failed" && meaning.failure !== "edited" ? false : null;
}

/** Oldest first. */
export function parseEnds(text: string): RunEnd[] {
  return [...text.matchAll(/([+-])(\d+) /g)].map(([, direction, seconds]) => ({
    at: Number(seconds) * 1000,
    well: direction === "+",
  }));
}
