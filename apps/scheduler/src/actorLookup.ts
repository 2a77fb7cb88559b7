import type { EventFacts } from "@tac8/core/domain/events";
import { parseJobId } from "@tac8/core/domain/reference";
import type { Actor } from "./act.ts";
import type { EndingEvent, KnownJob, RepositorySnapshot } from "./plan.ts";

/** Questions that one poll asks at most: when a hundred issues are closed at once, the rest go without a name. */
export const MAX_ASKED = 20;
/** For one answer: nobody waits longer for a name. */
const PATIENCE_MS = 5000;

/** How many questions a poll may still ask; none after the first that was not answered. */
export interface LookupBudget {
  left: number;
}

export interface Ended {
  /** With who it was, where GitHub reported. */
  readonly reason: string;
  readonly evidence: EventFacts["cancel:requested"];
}

/** Asks GitHub who closed the issue or took its label off. Whatever becomes of that, the caller continues. */
export async function lookUpEnder(
  { github, lookupBudget, log, signal }: Actor,
  snapshot: RepositorySnapshot,
  { job, reason, event }: { readonly job: KnownJob; readonly reason: string; readonly event: EndingEvent | null },
): Promise<Ended> {
  const number = parseJobId(job.jobId)?.number ?? 0;
  if (event === null || lookupBudget.left <= 0) return { reason, evidence: {} };
  lookupBudget.left -= 1;
  const wish = event === "closed" ? { kind: event } : { kind: event, label: snapshot.label };
  try {
    const patient = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const found = await github.newestEvent(snapshot, number, { ...wish, signal: patient });
    if (found === null) return { reason, evidence: {} };
    const evidence = { actor: found.actor, at: found.at, event: found.id };
    return { reason: `${reason} by ${found.actor}`, evidence };
  } catch (error) {
    signal.throwIfAborted();
    lookupBudget.left = 0;
    log.debug({ issue: job.jobId, err: error }, "could not look up the user");
    return { reason, evidence: {} };
  }
}
