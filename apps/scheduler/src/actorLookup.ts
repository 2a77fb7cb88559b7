import type { EventFacts } from "@tac8/core/domain/events";
import { parseJobId } from "@tac8/core/domain/reference";
import type { ActServices } from "./act.ts";
import type { EndingEvent, KnownJob, RepositorySnapshot } from "./plan.ts";

/** Maximum number of lookups in one poll. If a hundred issues are closed at once, the other events have no name. */
export const MAX_LOOKUPS = 20;
/** Maximum time for one lookup, because the issue waits for it. */
const LOOKUP_TIMEOUT_MS = 5000;

/** Number of lookups that this poll may still make; 0 after the first lookup that failed. */
export interface LookupBudget {
  left: number;
}

export interface Ended {
  /** Includes the login of the user, if GitHub reported it. */
  readonly reason: string;
  readonly evidence: EventFacts["cancel:requested"];
}

/** Ask GitHub who closed the issue or removed its label. If GitHub does not answer, return the reason without a name. */
export async function lookUpActor(
  { github, lookupBudget, log, signal }: ActServices,
  snapshot: RepositorySnapshot,
  {
    job,
    reason,
    endingEvent,
  }: { readonly job: KnownJob; readonly reason: string; readonly endingEvent: EndingEvent | null },
): Promise<Ended> {
  const number = parseJobId(job.jobId)?.number ?? 0;
  if (endingEvent === null || lookupBudget.left <= 0) return { reason, evidence: {} };
  lookupBudget.left -= 1;
  const wanted = endingEvent === "closed" ? { kind: endingEvent } : { kind: endingEvent, label: snapshot.label };
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(LOOKUP_TIMEOUT_MS)]);
    const event = await github.newestEvent(snapshot, number, { ...wanted, signal: bounded });
    if (event === null) return { reason, evidence: {} };
    const evidence = { actor: event.actor, at: event.at, event: event.id };
    return { reason: `${reason} by ${event.actor}`, evidence };
  } catch (error) {
    signal.throwIfAborted();
    lookupBudget.left = 0;
    log.debug({ issue: job.jobId, err: error }, "could not look up the user");
    return { reason, evidence: {} };
  }
}
