import { meaningOf } from "@tac8/core/domain/eventMeaning";
import type { AgentEvidence } from "@tac8/core/domain/agentEvidence";
import type { LoggedEvent } from "@tac8/core/domain/events";
import type { FailureKind } from "@tac8/core/domain/failures";
import type { Outcome } from "@tac8/core/domain/states";

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
  const { at, issue } = event;
  if (issue === "") return [];
  const meaning = meaningOf(event);
  switch (meaning.of) {
    case "agent":
      return meaning.agent === null ? [] : [{ at, issue, kind: "agent", agent: meaning.agent }];
    case "start":
      return meaning.waitedMs === null ? [] : [{ at, issue, kind: "wait", ms: meaning.waitedMs }];
    case "attempt":
      return failureOf(event, { failure: meaning.failure, last: false });
    case "end": {
      const { outcome, pr, updated, sinceBegunMs } = meaning;
      const end: Sample = { at, issue, kind: "end", outcome, pr, updated, sinceBegunMs };
      return [end, ...failureOf(event, { failure: meaning.failure, last: true })];
    }
    case "hold":
    case "queue":
    case "reply":
    case "refused label":
    case "defect":
    case "note":
      return [];
    default:
      return meaning satisfies never;
  }
}

function failureOf(
  { at, issue, reason }: LoggedEvent,
  { failure, last }: { readonly failure: FailureKind | null; readonly last: boolean },
): Sample[] {
  return failure === null ? [] : [{ at, issue, kind: "failure", failure, last, reason: reason.slice(0, MAX_REASON) }];
}
