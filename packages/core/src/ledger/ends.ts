import { endedWell } from "../domain/states.ts";
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

/** Parked runs and those that a person ended say nothing about how well things go. */
function endOf({ to, from, at, evidence }: LoggedEvent): string {
  const seconds = Math.floor(Date.parse(at) / 1000);
  if (endedWell(to) || (to === "blocked" && from !== "blocked")) return `+${seconds} `;
  // Not how well runs go: a label was refused, or an issue was edited by its author.
  if (evidence["failure"] === "untrusted" || evidence["failure"] === "edited") return "";
  const failed = to === "failed" || (to === "retrying" && typeof evidence["failure"] === "string");
  return failed ? `-${seconds} ` : "";
}

/** Oldest first. */
export function parseEnds(text: string): RunEnd[] {
  return [...text.matchAll(/([+-])(\d+) /g)].map(([, sign, seconds]) => ({
    at: Number(seconds) * 1000,
    well: sign === "+",
  }));
}
