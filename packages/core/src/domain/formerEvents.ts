import { formerNameOf, isEventName, type EventName, type FormerName, type LoggedEvent } from "./events.ts";

/** An entry of a version without event names `subject:verb`. Its event follows from `to`, its facts and its text. */
export type FormerEvent = Omit<LoggedEvent, "event" | "to" | "id" | "at"> & { readonly to: FormerName };

/**
 * Return the name and former name of an entry. Pure. `event`: the name in the entry; empty: an older version wrote it. An unknown name is
 * from a newer version, and the entry is read by its former name.
 */
export function namesOf(entry: Omit<FormerEvent, "to"> & { readonly event: string; readonly to: string }): {
  readonly event: EventName;
  readonly to: FormerName;
} {
  const event = isEventName(entry.event) ? entry.event : fromFormer(entry);
  return { event, to: formerNameOf(event) };
}

/** Events that follow from the former name alone. */
const SAME: Readonly<Record<string, EventName>> = {
  running: "run:started",
  retrying: "attempt:failed",
  parked: "issue:parked",
  pr: "issue:published",
  answered: "issue:answered",
  cancelled: "issue:cancelled",
  expired: "issue:expired",
  stopped: "issue:stopped",
  withdrawn: "issue:withdrawn",
  agent: "agent:ended",
  hold: "hold:begun",
  unhold: "hold:ended",
};

type Former = Parameters<typeof namesOf>[0];

function fromFormer(entry: Former): EventName {
  const { to, from, evidence } = entry;
  const name = Object.hasOwn(SAME, to) ? SAME[to] : undefined;
  if (name !== undefined) return name;
  const has = (fact: string) => Object.hasOwn(evidence, fact);
  switch (to) {
    case "queued":
      return has("run") ? "issue:requeued" : has("outcome") ? "issue:retried" : "issue:queued";
    case "failed":
      return evidence["failure"] === "untrusted" ? "label:refused" : "issue:failed";
    case "blocked":
      if (from !== "blocked" || has("run")) return "issue:blocked";
      return has("label_event") ? "publication:allowed" : "question:answered";
    default:
      return noteOf(entry);
  }
}

/** Return the event of a note, by its facts, or by its text if it has no facts. */
function noteOf({ to, reason, evidence }: Former): EventName {
  const has = (fact: string) => Object.hasOwn(evidence, fact);
  if (to !== "note") return "note:written";
  if (has("pause")) return evidence["pause"] === "begun" ? "runner:paused" : "runner:resumed";
  if (has("lost")) return "run:lost";
  if (has("command")) return "stop:requested";
  if (has("level")) return "health:changed";
  if (has("kept")) return "janitor:cleaned";
  if (has("name")) return "breaker:closed";
  if (has("label_event")) return "label:used";
  if (has("run")) return "work:missing";
  return WORDS.find(([words]) => reason.startsWith(words))?.[1] ?? "note:written";
}

const WORDS: readonly (readonly [string, EventName])[] = [
  ["to be cancelled: ", "cancel:requested"],
  ["its job was gone from the queue", "job:lost"],
  ["a person ended its wait", "wait:ended"],
];
