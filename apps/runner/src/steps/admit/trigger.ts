import { findMarked } from "@tac8/core/domain/marker";
import { findOpenQuestion, type OpenQuestion } from "../../issue/openQuestion.ts";
import { findCause } from "@tac8/core/github/cause";
import type { Comment, IssueEvent } from "@tac8/core/github/types";
import type { StepRecord } from "../../run/record.ts";
import type { IssueAccess } from "../../run/step.ts";
import { causeQuestion, type Cause } from "../../issue/cause.ts";
import { isTrustedLabel } from "../../issue/trusted.ts";

export type Trigger = Start | NoStart;

/** Go: this event is used up by the run. */
interface Start {
  readonly kind: "go";
  readonly event: number;
  readonly cause: IssueEvent;
}

/** `cause`: undefined where it was not asked for. */
type NoStart = { readonly cause: Cause | undefined } &
  /** The label was put on by an account that may not start work. */
  (
    | { readonly kind: "untrusted"; readonly actor: string; readonly event: number }
    /** GitHub does not report who put the label on. */
    | { readonly kind: "unknown" }
    /** It is not labelled, and nobody ever has: it is in the queue by a retry, or by what another program wrote. */
    | { readonly kind: "never" }
    /** Its newest event was used before: a label left behind. */
    | { readonly kind: "used" }
    /** Its run has asked a question that is still open, and Redis has forgotten it. */
    | { readonly kind: "asked"; readonly question: OpenQuestion }
  );

/**
 * What starts a run is a `labeled` event, and each starts at most one. With an emptied Redis the markers of our own
 * comments tell which were used. A retry, and a run that continues, need no new event, but one that a trusted user has made at
 * any time: Redis, which agents can write, does not stand in for it.
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
  const begunBy = async (used: number): Promise<Trigger> => {
    const question = { ...causeQuestion(run), events, comments };
    const cause = await findCause(github, question, options);
    if (cause !== null) return { kind: "go", event: used, cause };
    if (event !== null) return { kind: "untrusted", actor: event.actor, event: event.id, cause };
    return { kind: labelled ? "unknown" : "never", cause };
  };
  // Begun by a trusted label or an operator's retry: whoever labels meanwhile can neither start nor end anything.
  if (state.round.admitted !== null || state.round.retriedAt !== null)
    return begunBy(Math.max(event?.id ?? 0, state.label.event));
  if (event === null || event.id <= state.label.event) return begunBy(state.label.event);
  const question = state.label.event === 0 ? findOpenQuestion(comments, login) : null;
  if (question !== null && event.id <= question.labelEvent) return { kind: "asked", question, cause: undefined };
  const marked = (["status", "answer", "failure"] as const).flatMap((kind) => findMarked(comments, login, kind));
  const ended = marked.filter(({ marker }) => marker.outcome !== null && marker.outcome !== "blocked");
  const used = Math.max(0, ...ended.map(({ marker }) => marker.label_event_id));
  if (state.label.event === 0 && event.id <= used) return { kind: "used", cause: undefined };
  const trusted = await isTrustedLabel(run, event.actor);
  if (trusted) return { kind: "go", event: event.id, cause: event };
  return { kind: "untrusted", actor: event.actor, event: event.id, cause: undefined };
}
