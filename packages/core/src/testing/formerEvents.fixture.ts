import type { Redis } from "ioredis";
import type { LoggedEvent } from "../domain/events.ts";
import { namesOf, type FormerEvent } from "../domain/formerEvents.ts";
import { EVENTS_KEY } from "../state/keys.ts";

/** Return an entry of an older version as it is read. Pure. */
export function logged(entry: FormerEvent & Pick<LoggedEvent, "id" | "at">): LoggedEvent {
  return { ...entry, ...namesOf({ ...entry, event: "" }) };
}

/** Write an entry as an older version does, which has no `event`. */
export async function appendFormer(redis: Redis, entry: FormerEvent): Promise<void> {
  const { issue, from, to, by, reason } = entry;
  const evidence = JSON.stringify(entry.evidence);
  const fields = Object.entries({ issue, from, to, by, reason, evidence }).flat();
  // Redis' JSON reader refuses half a character.
  await redis.xadd(EVENTS_KEY, "*", ...fields.map((text) => text.toWellFormed()));
}
