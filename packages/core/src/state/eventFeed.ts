import type { Redis } from "ioredis";
import type { LoggedEvent } from "../domain/events.ts";
import { decodeEvent } from "./events.ts";
import { EVENTS_KEY } from "./keys.ts";

const BLOCK_MS = 5000;
const COUNT = 200;

/** Return the events after a stream id, and wait up to 5 s for one. The connection is blocked meanwhile, so it needs to be a separate one. */
export async function readEventsFrom(redis: Redis, after: string): Promise<LoggedEvent[]> {
  const answer = await redis.xread("COUNT", COUNT, "BLOCK", BLOCK_MS, "STREAMS", EVENTS_KEY, after);
  return (answer ?? []).flatMap(([, entries]) => entries.map(([id, list]) => decodeEvent(id, list)));
}
