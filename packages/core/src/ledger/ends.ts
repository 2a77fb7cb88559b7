import { endedWell } from "../domain/states.ts";
import { meaningOf, type Meaning } from "../domain/eventMeaning.ts";
import type { LoggedEvent } from "../domain/events.ts";

/** The end of a run: with a result for users, or as a failure, whether it is retried or not. */
export interface RunEnd {
  /** Epoch ms. */
  readonly at: number;
  readonly succeeded: boolean;
}

/** Number of newest ends that are kept. */
export const MAX_ENDS = 100;

/** Return the ends in these events as text: `+<seconds>` or `-<seconds>` since 1970 for each, followed by a space. */
export function endsIn(events: readonly LoggedEvent[]): string {
  return events.map(endOf).join("");
}

function endOf(event: LoggedEvent): string {
  const success = hasSucceeded(meaningOf(event));
  return success === null ? "" : `${success ? "+" : "-"}${Math.floor(Date.parse(event.at) / 1000)} `;
}

/** Return whether a run succeeded; null: it is not significant, because it was parked or a user ended it. */
function hasSucceeded(meaning: Meaning): boolean | null {
  if (meaning.of === "attempt") return meaning.next === "retry" && meaning.failure !== "edited" ? false : null;
  if (meaning.of !== "end") return null;
  if (endedWell(meaning.outcome) || meaning.outcome === "blocked") return true;
  // Not significant: the author edited it.
  return meaning.outcome === "failed" && meaning.failure !== "edited" ? false : null;
}

/** Parse the stored ends, oldest first. */
export function parseEnds(text: string): RunEnd[] {
  return [...text.matchAll(/([+-])(\d+) /g)].map(([, direction, seconds]) => ({
    at: Number(seconds) * 1000,
    succeeded: direction === "+",
  }));
}
