import type { Redis } from "ioredis";
import { formerNameOf, type LoggedEvent, type NewEvent } from "../domain/events.ts";
import { namesOf } from "../domain/formerEvents.ts";
import { EVENTS_KEY } from "./keys.ts";

/** Number of entries that the log keeps, about 300 bytes each. */
export const MAX_EVENTS = 100_000;
const MAX_REASON = 2000;

/** Return the fields of an entry in the stream. `to`, its former name, is for older versions that read the same log. */
export function encodeEvent(event: NewEvent): string[] {
  const fields = [
    ["issue", event.issue],
    ["from", event.from],
    ["to", formerNameOf(event.event)],
    ["event", event.event],
    ["by", event.by],
    ["reason", event.reason.slice(0, MAX_REASON)],
    ["evidence", JSON.stringify(event.evidence)],
  ];
  // Redis's JSON parser rejects half a character, and a truncated text may end with one.
  return fields.flat().map((text) => text.toWellFormed());
}

export async function appendEvent(redis: Redis, event: NewEvent): Promise<void> {
  await redis.xadd(EVENTS_KEY, "MAXLEN", "~", MAX_EVENTS, "*", ...encodeEvent(event));
}

/** Return the newest events, oldest first. `before`: a stream id, to read older pages. */
export async function readEvents(redis: Redis, options: { count: number; before?: string }): Promise<LoggedEvent[]> {
  const end = options.before === undefined ? "+" : `(${options.before}`;
  const entries = await redis.xrevrange(EVENTS_KEY, end, "-", "COUNT", options.count);
  return entries.map(([id, list]) => decodeEvent(id, list)).toReversed();
}

/** Return the first events after a stream id (`0`: from the start of the log), oldest first. */
export async function readEventsAfter(
  redis: Redis,
  { after, count }: { readonly after: string; readonly count: number },
): Promise<LoggedEvent[]> {
  const entries = await redis.xrange(EVENTS_KEY, `(${after}`, "+", "COUNT", count);
  return entries.map(([id, list]) => decodeEvent(id, list));
}

/** Return an entry of the log, written by any version. This is the only function that reads former names. */
export function decodeEvent(id: string, list: readonly string[]): LoggedEvent {
  const fields: Record<string, string> = {};
  for (let index = 0; index + 1 < list.length; index += 2) fields[list[index] ?? ""] = list[index + 1] ?? "";
  const at = new Date(Number(id.split("-", 1)[0])).toISOString();
  const entry = {
    event: fields["event"] ?? "",
    issue: fields["issue"] ?? "",
    from: (fields["from"] ?? "") as LoggedEvent["from"],
    to: fields["to"] ?? "note",
    by: fields["by"] ?? "",
    reason: fields["reason"] ?? "",
    evidence: parseEvidence(fields["evidence"]),
  };
  return { id, at, ...entry, ...namesOf(entry) };
}

function parseEvidence(text: string | undefined): LoggedEvent["evidence"] {
  try {
    const found: unknown = JSON.parse(text ?? "{}");
    return typeof found === "object" && found !== null ? (found as LoggedEvent["evidence"]) : {};
  } catch {
    return {}; // Written by another version. The other fields are still useful.
  }
}
