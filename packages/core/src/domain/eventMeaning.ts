import { parseAgentEvidence, type AgentEvidence } from "./agentEvidence.ts";
import { formerNameOf, type EventName, type LoggedEvent } from "./events.ts";
import { FAILURE_KINDS, type FailureKind } from "./failures.ts";
import type { IssueState, Outcome } from "./states.ts";

/**
 * The meaning of an event. Counts, reports, `why`, notifications, the breaker, the timeline and the board all use this classification.
 */
export type Meaning =
  /** The issue waits for a runner. */
  | { readonly of: "queue" }
  /** A run started. `waitedMs`: the time in the queue; null: unknown, or it waited for something else. */
  | { readonly of: "start"; readonly waitedMs: number | null }
  /** An attempt failed and is retried, or the issue waits without using an attempt. `failure` null: a kind of another version. */
  | { readonly of: "attempt"; readonly failure: FailureKind | null; readonly next: "retry" | "wait" }
  /** The issue ended, or its agent asked a question (`blocked`). */
  | {
      readonly of: "end";
      readonly outcome: Outcome;
      /** The failure kind, if it failed. */
      readonly failure: FailureKind | null;
      readonly pr: number | null;
      /** Whether its pull request was already open. */
      readonly updated: boolean;
      readonly sinceBegunMs: number | null;
    }
  /** An account without permission added the label: no run failed. */
  | { readonly of: "refused label" }
  /** A user replied to the question, or allowed the publication, so the work continues. */
  | { readonly of: "reply"; readonly allows: boolean }
  /** An agent ended. Null: its facts are not readable. */
  | { readonly of: "agent"; readonly agent: AgentEvidence | null }
  | { readonly of: "hold"; readonly name: string; readonly begins: boolean }
  /** The state changed in a way that TRANSITIONS does not allow. */
  | { readonly of: "defect" }
  /** An event with only a text. */
  | { readonly of: "note" };

const NOTE: Meaning = { of: "note" };

/** Return the meaning of an event. Pure. */
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

/** Events that do not change the state of their issue. */
const STAYS: readonly EventName[] = ["question:answered", "publication:allowed"];
const NO_STATE = ["hold", "unhold", "note", "agent"] as const;

/** Return the state of the issue after the event; null: the event changed no state. Pure. */
export function stateAfter({ event }: Pick<LoggedEvent, "event">): IssueState | null {
  const former = formerNameOf(event);
  const none = NO_STATE.find((name) => name === former);
  return none !== undefined || STAYS.includes(event) ? null : (former as IssueState);
}

/** Return the meaning of an end. An end that is recorded again does not count again. */
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
