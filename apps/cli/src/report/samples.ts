import { meaningOf } from "@tac8/core/domain/eventMeaning";
import type { AgentEvidence } from "@tac8/core/domain/agentEvidence";
import type { LoggedEvent } from "@tac8/core/domain/events";
import type { FailureKind } from "@tac8/core/domain/failures";
import type { Outcome } from "@tac8/core/domain/states";

/** The facts of an event that a report keeps, so that a log of any length can be read page by page. */
export type Sample = { readonly at: string; readonly issue: string } & (
  | {
      readonly kind: "end";
      readonly outcome: Outcome;
      readonly pr: number | null;
      /** Whether the pull request already existed. */
      readonly updated: boolean;
      readonly sinceBegunMs: number | null;
    }
  /** A failed attempt; `last`: the issue failed with it. */
  | { readonly kind: "failure"; readonly failure: FailureKind; readonly last: boolean; readonly reason: string }
  | { readonly kind: "agent"; readonly agent: AgentEvidence }
  | { readonly kind: "wait"; readonly ms: number }
);

const MAX_REASON = 200;

/** Return the samples that an event adds to a report, which are usually none or one. Pure. */
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
