import { parseAgentEvidence, type AgentEvidence } from "../domain/agentEvidence.ts";
import { FAILURE_KINDS, type FailureKind } from "../domain/failures.ts";
import { OUTCOMES, type Outcome } from "../domain/states.ts";
import type { LoggedEvent } from "../domain/events.ts";

/** What a report keeps of an event, so that a log of any length is read page by page. */
export type Sample = { readonly at: string; readonly issue: string } & (
  | {
      readonly kind: "end";
      readonly outcome: Outcome;
      readonly pr: number | null;
      /** Its pull request was open before. */
      readonly updated: boolean;
      readonly sinceBegunMs: number | null;
    }
  /** An attempt that failed; `last`: with it the issue has failed. */
  | { readonly kind: "failure"; readonly failure: FailureKind; readonly last: boolean; readonly reason: string }
  | { readonly kind: "agent"; readonly agent: AgentEvidence }
  | { readonly kind: "wait"; readonly ms: number }
);

const MAX_REASON = 200;

/** Pure: what an event adds to a report; most add nothing or one thing. */
export function samplesOf(event: LoggedEvent): Sample[] {
  const { at, issue, from, to, evidence } = event;
  if (issue === "") return [];
  switch (to) {
    case "agent": {
      const agent = parseAgentEvidence(evidence);
      return agent === null ? [] : [{ at, issue, kind: "agent", agent }];
    }
    case "running": {
      const ms = numberOf(evidence["waitedMs"]);
      return ms === null ? [] : [{ at, issue, kind: "wait", ms }];
    }
    case "retrying":
    case "parked":
      return failureOf(event, false);
    case "failed":
      // No run failed where a label was refused.
      if (from === to || evidence["failure"] === "untrusted") return [];
      return [...endOf(event, to), ...failureOf(event, true)];
    case "pr":
    case "answered":
    case "blocked":
    case "stopped":
    case "cancelled":
    case "withdrawn":
    case "expired":
      // An answer to a question is told as blocked → blocked.
      return from === to ? [] : endOf(event, to);
    case "hold":
    case "unhold":
    case "note":
    case "queued":
      return [];
    default:
      to satisfies never;
      return []; // An entry of another version.
  }
}

function endOf({ at, issue, evidence }: LoggedEvent, outcome: Outcome): Sample[] {
  if (!OUTCOMES.includes(outcome)) return [];
  const sinceBegunMs = numberOf(evidence["sinceBegunMs"]);
  return [
    { at, issue, kind: "end", outcome, pr: numberOf(evidence["pr"]), updated: evidence["updated"] === 1, sinceBegunMs },
  ];
}

function failureOf({ at, issue, reason, evidence }: LoggedEvent, last: boolean): Sample[] {
  const failure = FAILURE_KINDS.find((name) => name === evidence["failure"]);
  return failure === undefined
    ? []
    : [{ at, issue, kind: "failure", failure, last, reason: reason.slice(0, MAX_REASON) }];
}

function numberOf(value: string | number | null | undefined): number | null {
  return typeof value === "number" && value >= 0 ? value : null;
}
