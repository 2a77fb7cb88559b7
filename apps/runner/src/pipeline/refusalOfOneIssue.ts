import { normalizeMessage } from "@tac8/core/domain/breaker";
import { stateAfter } from "@tac8/core/domain/eventMeaning";
import { MAX_GUESSED_REFUSALS } from "@tac8/core/domain/failures";
import type { LoggedEvent } from "@tac8/core/domain/events";

export interface RefusalFacts {
  /** Job id of the issue whose push was refused. */
  readonly issue: string;
  /** Message of the server. */
  readonly message: string;
  /** How many times in a row the issue was parked before this refusal. */
  readonly parked: number;
  /** Newest events of the event log, oldest first. */
  readonly events: readonly LoggedEvent[];
}

/**
 * Return whether pushes are refused only for this issue: they were refused repeatedly, and since the last successful push to the
 * repository no push of another issue was refused with the same message. For refusals with an unknown message: the refusals of one
 * issue prove nothing about the others, and must not hold them forever. Pure.
 */
export function isRefusalOfOneIssue({ issue, message, parked, events }: RefusalFacts): boolean {
  if (parked + 1 < MAX_GUESSED_REFUSALS) return false;
  const ofRepository = events.filter((event) => repositoryOf(event.issue) === repositoryOf(issue));
  const newestPublished = ofRepository.findLastIndex((event) => stateAfter(event) === "pr");
  return !ofRepository
    .slice(newestPublished + 1)
    .some(
      (event) =>
        event.issue !== issue &&
        event.evidence["failure"] === "refused" &&
        normalizeMessage(event.reason) === normalizeMessage(message),
    );
}

function repositoryOf(jobId: string): string {
  return jobId.slice(0, jobId.lastIndexOf("."));
}
