import { MARKER_KINDS, findMarked } from "../domain/marker.ts";
import type { IssueRef } from "../domain/reference.ts";
import type { GitHub } from "./client.ts";
import type { CallOptions, Comment, IssueEvent } from "./types.ts";

/** Accounts that are asked about; only people who can label the issue are among them. */
const MAX_ACCOUNTS = 10;

export interface CauseQuestion {
  readonly ref: IssueRef;
  /** The trigger. */
  readonly label: string;
  /** The token's account; null: unknown. */
  readonly login: string | null;
  readonly mayStart: (login: string) => Promise<boolean>;
  /** What was read before: the `labeled` events of the trigger, newest first. */
  readonly events?: readonly IssueEvent[];
  /** What was read before: the issue's comments. */
  readonly comments?: readonly Comment[];
}

/**
 * Return the event that the work on an issue goes back to: an account that may start work has added the trigger at some time, or
 * a label that was the trigger then: one of our own comments names its event. The state in Redis, which agents can write, says
 * which event was used, and never that there was one. Null: there is none. @throws GitHubError
 */
export async function findCause(
  github: Pick<GitHub, "labeledEvents" | "comments">,
  { ref, label, login, mayStart, events, comments }: CauseQuestion,
  options: CallOptions = {},
): Promise<IssueEvent | null> {
  const ofTrigger = events ?? (await github.labeledEvents(ref, ref.number, label, options));
  const found = await firstTrusted(ofTrigger, mayStart);
  if (found !== null) return found;
  const used = eventsNamed(comments ?? (await github.comments(ref, ref.number, options)), login);
  if (used.size === 0) return null;
  const all = await github.labeledEvents(ref, ref.number, null, options);
  return firstTrusted(
    all.filter(({ id }) => used.has(id)),
    mayStart,
  );
}

/** The events that our own comments say were used. Pure. */
function eventsNamed(comments: readonly Comment[], login: string | null): ReadonlySet<number> {
  const marked = MARKER_KINDS.flatMap((kind) => findMarked(comments, login, kind));
  return new Set(marked.map(({ marker }) => marker.label_event_id).filter((id) => id > 0));
}

/** @param events newest first */
export async function firstTrusted(
  events: readonly IssueEvent[],
  mayStart: (login: string) => Promise<boolean>,
): Promise<IssueEvent | null> {
  const byAccount = new Map<string, IssueEvent>();
  for (const event of events) {
    const login = event.actor.toLowerCase();
    if (!byAccount.has(login)) byAccount.set(login, event);
  }
  for (const event of [...byAccount.values()].slice(0, MAX_ACCOUNTS)) {
    if (await mayStart(event.actor)) return event;
  }
  return null;
}
