import { parseAgentEvidence, type AgentEvidence } from "./agentEvidence.ts";
import { formerNameOf, type EventName, type LoggedEvent } from "./events.ts";
import { FAILURE_KINDS, type FailureKind } from "./failures.ts";
import type { IssueState, Outcome } from "./states.ts";

/**
 * What an event means: the one place that classifies events. Counts, reports, `why`, notifications, the breaker, the timeline and
 * the board ask it.
 */
export type Meaning =
  /** The issue waits for a runner. */
  | { readonly of: "queue" }
  /** A run began. `waitedMs`: in the queue; null: not known, or it waited for something else. */
  | { readonly of: "start"; readonly waitedMs: number | null }
  /** An attempt failed and is tried again, or waits for something without being counted. Null: a kind of another version. */
  | { readonly of: "attempt"; readonly failure: FailureKind | null; readonly next: "retry" | "wait" }
  /** The issue ended; `blocked` is one that asked a question. */
  | {
      readonly of: "end";
      readonly outcome: Outcome;
      /** Of one that failed. */
      readonly failure: FailureKind | null;
      readonly pr: number | null;
      /** Its pull request was open before. */
      readonly updated: boolean;
      readonly sinceBegunMs: number | null;
    }
  /** A label was added by an account that may not start work: no run failed. */
  | { readonly of: "refused label" }
  /** A user answered the question, or allowed the publication: the issue continues. */
  | { readonly of: "reply"; readonly allows: boolean }
  /** Null: facts that cannot be read. */
  | { readonly of: "agent"; readonly agent: AgentEvidence | null }
  | { readonly of: "hold"; readonly name: string; readonly begins: boolean }
  /** The state changed in a way that nobody has foreseen. */
  | { readonly of: "defect" }
  /** Nothing but its words. */
  | { readonly of: "note" };

const NOTE: Meaning = { of: "note" };

/** Pure. */
export function meaningOf(event: LoggedEvent): Meaning {
  const { evidence } = event;
  switch (event.event) {
    case "issue:queued":
    case "issue:retried":
    case "issue:requeued":
      return { of: "queue" };
    case "run:started":
      return { of: "start", waitedMs: numberIn(evidence["waitedMs"]) };
    case "attempt:failed":
      return { of: "attempt", failure: failureIn(event), next: "retry" };
    case "issue:parked":
      return { of: "attempt", failure: failureIn(event), next: "wait" };
    case "issue:published":
      return endAs("pr", event);
    case "issue:blocked":
      return endAs("blocked", event);
    case "issue:answered":
      return endAs("answered", event);
    case "issue:failed":
      return endAs("failed", event);
    case "issue:cancelled":
      return endAs("cancelled", event);
    case "issue:expired":
      return endAs("expired", event);
    case "issue:stopped":
      return endAs("stopped", event);
    case "issue:withdrawn":
      return endAs("withdrawn", event);
    case "label:refused":
      return { of: "refused label" };
    case "question:answered":
      return { of: "reply", allows: false };
    case "publication:allowed":
      return { of: "reply", allows: true };
    case "agent:ended":
      return { of: "agent", agent: parseAgentEvidence(evidence) };
    case "hold:begun":
      return { of: "hold", name: String(evidence["name"] ?? ""), begins: true };
    case "hold:ended":
      return { of: "hold", name: String(evidence["name"] ?? ""), begins: false };
    case "state:unexpected":
      return { of: "defect" };
    case "run:lost":
    case "work:missing":
    case "job:lost":
    case "cancel:requested":
    case "stop:requested":
    case "wait:ended":
    case "label:used":
    case "breaker:closed":
    case "health:changed":
    case "runner:paused":
    case "runner:resumed":
    case "janitor:cleaned":
    case "note:written":
      return NOTE;
    default:
      return event.event satisfies never;
  }
}

/** Events after which the issue is in the state that it was in before. */
const STAYS: readonly EventName[] = ["question:answered", "publication:allowed"];
const NO_STATE = ["hold", "unhold", "note", "agent"] as const;

/** Return the state that the event brought its issue to; null: it changed none. Pure. */
export function stateAfter({ event }: Pick<LoggedEvent, "event">): IssueState | null {
  const former = formerNameOf(event);
  const none = NO_STATE.find((name) => name === former);
  return none !== undefined || STAYS.includes(event) ? null : (former as IssueState);
}

/** An end that is recorded again is no other one. */
function endAs(outcome: Outcome, event: LoggedEvent): Meaning {
  const { from, evidence } = event;
  if (from === outcome) return NOTE;
  const pr = numberIn(evidence["pr"]);
  const sinceBegunMs = numberIn(evidence["sinceBegunMs"]);
  const failure = outcome === "failed" ? failureIn(event) : null;
  return { of: "end", outcome, failure, pr, updated: evidence["updated"] === 1, sinceBegunMs };
}

function failureIn({ evidence }: LoggedEvent): FailureKind | null {
  return FAILURE_KINDS.find((name) => name === evidence["failure"]) ?? null;
}

function numberIn(value: string | number | null | undefined): number | null {
  return typeof value === "number" && value >= 0 ? value : null;
}
