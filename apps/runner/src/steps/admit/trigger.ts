import { findMarked } from "@tac8/core/domain/marker";
import { findOpenQuestion, type OpenQuestion } from "../../issue/openQuestion.ts";
import { findStartEvent } from "@tac8/core/github/startEvent";
import type { Comment, IssueEvent } from "@tac8/core/github/types";
import type { StepRecord } from "../../run/record.ts";
import type { IssueAccess } from "../../run/step.ts";
import { startEventQuery, type StartEvent } from "../../issue/startEvent.ts";
import { isTrustedLabel } from "../../issue/trusted.ts";

export type Trigger = Start | NoStart;

/** The run may start, and uses the event with this id. */
interface Start {
  readonly kind: "go";
  readonly event: number;
  readonly startEvent: IssueEvent;
}

/** The run may not start. `startEvent` is undefined if it was not read. */
type NoStart = { readonly startEvent: StartEvent | undefined } &
  /** An account that may not start work added the label. */
  (
    | { readonly kind: "untrusted"; readonly actor: string; readonly event: number }
    /** GitHub does not report the account that added the label. */
    | { readonly kind: "unknown" }
    /** The issue has never been labelled. It is in the queue because of a retry, or because another program wrote to Redis. */
    | { readonly kind: "never" }
    /** An earlier run has used the newest event, and the label was not removed. */
    | { readonly kind: "used" }
    /** The run of the newest event asked a question that is still open, but missing in Redis. */
    | { readonly kind: "open-question"; readonly question: OpenQuestion }
  );

/**
 * Decide whether a run may start. Each `labeled` event starts at most one round. If Redis is empty, the markers of tac8's own comments
 * show the used events. A retry, and a run that continues, need no new event, but the issue must have an event of a trusted user from
 * any time. Redis cannot replace it, because agents can write to Redis.
 */
export async function readTrigger(
  run: IssueAccess & { readonly record: StepRecord<never> },
  { labelled, comments }: { readonly labelled: boolean; readonly comments: readonly Comment[] },
): Promise<Trigger> {
  const { github, login, ref, repository } = run.issue;
  const { state } = run.record;
  const options = { signal: run.signal };
  const events = await github.labeledEvents(ref, ref.number, repository.issueLabel, options);
  const event: IssueEvent | null = events[0] ?? null;
  const continueWith = async (used: number): Promise<Trigger> => {
    const question = { ...startEventQuery(run), events, comments };
    const startEvent = await findStartEvent(github, question, options);
    if (startEvent !== null) return { kind: "go", event: used, startEvent };
    if (event !== null) return { kind: "untrusted", actor: event.actor, event: event.id, startEvent };
    return { kind: labelled ? "unknown" : "never", startEvent };
  };
  // A trusted label or a user's retry started this round, so no later label starts or ends anything.
  if (state.round.admitted !== null || state.round.retriedAt !== null)
    return continueWith(Math.max(event?.id ?? 0, state.label.event));
  if (event === null || event.id <= state.label.event) return continueWith(state.label.event);
  const question = state.label.event === 0 ? findOpenQuestion(comments, login) : null;
  if (question !== null && event.id <= question.labelEvent)
    return { kind: "open-question", question, startEvent: undefined };
  const marked = (["status", "answer", "failure"] as const).flatMap((kind) => findMarked(comments, login, kind));
  const ended = marked.filter(({ marker }) => marker.outcome !== null && marker.outcome !== "blocked");
  const used = Math.max(0, ...ended.map(({ marker }) => marker.label_event_id));
  if (state.label.event === 0 && event.id <= used) return { kind: "used", startEvent: undefined };
  const trusted = await isTrustedLabel(run, event.actor);
  if (trusted) return { kind: "go", event: event.id, startEvent: event };
  return { kind: "untrusted", actor: event.actor, event: event.id, startEvent: undefined };
}
