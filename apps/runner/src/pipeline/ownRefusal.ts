import { alike } from "@tac8/core/domain/breaker";
import { stateAfter } from "@tac8/core/domain/eventMeaning";
import { MAX_GUESSED_REFUSALS } from "@tac8/core/domain/failures";
import type { LoggedEvent } from "@tac8/core/domain/events";

export interface RefusalFacts {
  /** Job id of the issue whose push was refused. */
  readonly issue: string;
  /** What the server said to that. */
  readonly message: string;
  /** Parkings of the issue in a row, before this one. */
  readonly parked: number;
  /** The newest of the event log, oldest first. */
  readonly events: readonly LoggedEvent[];
}

/**
 * Return whether pushes are refused for this issue alone: it was refused again and again, and since a push of the repository was
 * taken, no other issue's was refused in the same words. Pure. For refusals whose words nobody knows: one issue alone says nothing
 * about the others, and must not hold them without end.
 */
export function isOwnRefusal({ issue, message, parked, events }: RefusalFacts): boolean {
  if (parked + 1 < MAX_GUESSED_REFUSALS) return false;
  const ofRepository = events.filter((event) => repositoryOf(event.issue) === repositoryOf(issue));
  const taken = ofRepository.findLastIndex((event) => stateAfter(event) === "pr");
  return !ofRepository
    .slice(taken + 1)
    .some(
      (event) =>
        event.issue !== issue && event.evidence["failure"] === "refused" && alike(event.reason) === alike(message),
    );
}

function repositoryOf(jobId: string): string {
  return jobId.slice(0, jobId.lastIndexOf("."));
}
