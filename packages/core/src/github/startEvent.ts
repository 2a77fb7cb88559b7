import { MARKER_KINDS, findMarked } from "../domain/marker.ts";
import type { IssueRef } from "../domain/reference.ts";
import type { GitHub } from "./client.ts";
import type { CallOptions, Comment, IssueEvent } from "./types.ts";

/** Maximum number of accounts whose permission is read; all of them could add labels to the issue. */
const MAX_ACCOUNTS = 10;

export interface StartEventQuery {
  readonly ref: IssueRef;
  /** The label that starts work. */
  readonly label: string;
  /** The token's account; null: unknown. */
  readonly login: string | null;
  /** Whether the labels of an account count: see trust.ts. */
  readonly mayLabel: (login: string) => Promise<boolean>;
  /** The `labeled` events of the trigger, newest first, if the caller has already read them. */
  readonly events?: readonly IssueEvent[];
  /** The issue's comments, if the caller has already read them. */
  readonly comments?: readonly Comment[];
}

/**
 * Return the start event of an issue; null: there is none. An account that may start work added the trigger
 * label, or a label that was the trigger at that time and whose event a comment of tac8 names. The state in Redis, which agents can
 * write, only selects among such events; it is no proof that one exists. @throws GitHubError
 */
export async function findStartEvent(
  github: Pick<GitHub, "labeledEvents" | "comments">,
  { ref, label, login, mayLabel, events, comments }: StartEventQuery,
  options: CallOptions = {},
): Promise<IssueEvent | null> {
  const ofTrigger = events ?? (await github.labeledEvents(ref, ref.number, label, options));
  const found = await firstTrusted(ofTrigger, mayLabel);
  if (found !== null) return found;
  const used = eventsNamed(comments ?? (await github.comments(ref, ref.number, options)), login);
  if (used.size === 0) return null;
  const all = await github.labeledEvents(ref, ref.number, null, options);
  return firstTrusted(
    all.filter(({ id }) => used.has(id)),
    mayLabel,
  );
}

/** Return the events that comments of tac8 name as used. Pure. */
function eventsNamed(comments: readonly Comment[], login: string | null): ReadonlySet<number> {
  const marked = MARKER_KINDS.flatMap((kind) => findMarked(comments, login, kind));
  return new Set(marked.map(({ marker }) => marker.label_event_id).filter((id) => id > 0));
}

/** Return the first event of an account that may start work; null: none. @param events newest first */
export async function firstTrusted(
  events: readonly IssueEvent[],
  mayLabel: (login: string) => Promise<boolean>,
): Promise<IssueEvent | null> {
  const byAccount = new Map<string, IssueEvent>();
  for (const event of events) {
    const login = event.actor.toLowerCase();
    if (!byAccount.has(login)) byAccount.set(login, event);
  }
  for (const event of [...byAccount.values()].slice(0, MAX_ACCOUNTS)) {
    if (await mayLabel(event.actor)) return event;
  }
  return null;
}
