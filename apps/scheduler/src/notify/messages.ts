import type { ConfigFile } from "@tac8/core/config/schema";
import { meaningOf } from "@tac8/core/domain/eventMeaning";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { holdMessages, type HoldMemory } from "./holds.ts";
import { bounded, type Message, type MessageKind } from "@tac8/core/notify/message";

/** The facts of an issue that a notification shows. */
export interface IssueFacts {
  /** `owner/repo#471`. */
  readonly reference: string;
  readonly title: string;
  readonly url: string;
  readonly prUrl: string | null;
  /** The last question of the agent. */
  readonly question: string | null;
  /** The last message of an agent that changed nothing. */
  readonly answer: string | null;
}

export interface MessagesInput {
  /** New events, oldest first. */
  readonly events: readonly LoggedEvent[];
  /** Facts of the issues that the events are about, by job id. */
  readonly issues: ReadonlyMap<string, IssueFacts>;
  readonly holds: HoldMemory;
  readonly wanted: Wanted;
  /** Removes secrets. */
  readonly redact: (text: string) => string;
  /** Epoch ms. */
  readonly now: number;
}

export type Wanted = ConfigFile["notify"];

/** Older events cause no notification. */
const NEWS_MS = 24 * 3_600_000;

/** Return the notifications for these events, oldest first, and the memory of the holds for the next call. Pure. */
export function messagesFor(input: MessagesInput): { readonly messages: Message[]; readonly holds: HoldMemory } {
  const { events, issues, wanted, redact, now } = input;
  const fresh = events.filter(({ at }) => now - Date.parse(at) <= NEWS_MS);
  const ofIssues = fresh.flatMap((event) => {
    const kind = kindOf(event, wanted);
    const facts = issues.get(event.issue);
    return kind === null || facts === undefined ? [] : [toMessage({ kind, event, facts })];
  });
  const { messages: ofHolds, memory } = holdMessages({ events: fresh, memory: input.holds, now });
  const messages = [...ofIssues, ...(wanted.holds ? ofHolds : [])];
  return {
    messages: messages.toSorted((a, b) => a.at.localeCompare(b.at)).map((message) => bounded(message, redact)),
    holds: memory,
  };
}

/** Return the job ids of the events that may cause a notification. */
export function issuesOf(events: readonly LoggedEvent[], wanted: Wanted): string[] {
  return [...new Set(events.filter((event) => kindOf(event, wanted) !== null).map(({ issue }) => issue))];
}

/** Return the kind of notification; null: none. A refused label causes none, because any user may add a label any number of times. */
function kindOf(event: LoggedEvent, wanted: Wanted): "blocked" | "answered" | "failed" | "pr" | null {
  const meaning = meaningOf(event);
  const outcome = meaning.of === "end" ? meaning.outcome : null;
  if (outcome === "blocked" && wanted.blocked) return "blocked";
  if (outcome === "answered" && wanted.answered) return "answered";
  if (outcome === "failed" && wanted.failed) return "failed";
  return outcome === "pr" && wanted.pull_requests ? "pr" : null;
}

function toMessage({ kind, event, facts }: { kind: MessageKind; event: LoggedEvent; facts: IssueFacts }): Message {
  const { reference, title } = facts;
  const words: Record<string, string> = {
    blocked: `${reference} is blocked`,
    answered: `${reference} is answered`,
    failed: `${reference} failed`,
    pr: `${reference} has a pull request`,
  };
  const url = kind === "pr" ? (facts.prUrl ?? facts.url) : facts.url;
  const quoted = kind === "blocked" ? facts.question : kind === "answered" ? facts.answer : null;
  const why = quoted ?? event.reason;
  const text = [title, why].filter((part) => part !== "").join("\n");
  return { id: `${kind}:${event.id}`, kind, at: event.at, title: words[kind] ?? kind, text, issue: reference, url };
}
