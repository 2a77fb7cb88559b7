import type { Redis } from "ioredis";
import type { LoggedEvent } from "../domain/events.ts";
import { MAX_EVENTS, readEvents } from "./events.ts";

/** Entries per command: about 300 kB. */
const PAGE = 1000;
/** Redis trims the log only sometimes, by whole blocks, so it may be longer than its limit. */
const MAX_PAGES = Math.ceil((MAX_EVENTS * 1.1) / PAGE);

/**
 * Read the event log backwards, page by page, each page oldest first, until the caller stops or the log ends: at most 100,000 entries in
 * 110 commands. `since`: epoch ms; older entries are omitted.
 */
export async function* eventPages(redis: Redis, since = 0): AsyncGenerator<readonly LoggedEvent[]> {
  let before: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const events = await readEvents(redis, { count: PAGE, ...(before === undefined ? {} : { before }) });
    const [oldest] = events;
    if (oldest === undefined) return;
    const young = events.filter(({ at }) => Date.parse(at) >= since);
    if (young.length > 0) yield young;
    if (young.length < events.length || events.length < PAGE) return;
    before = oldest.id;
  }
}

/** A selection of events. */
export interface EventChoice {
  /** Only events of this issue; null: all events. */
  readonly issue: string | null;
  /** Epoch ms. */
  readonly since: number;
  readonly limit: number;
}

/** Return the newest selected events, oldest first; `more`: whether there are older ones. */
export async function chooseEvents(
  redis: Redis,
  { issue, since, limit }: EventChoice,
): Promise<{ readonly events: readonly LoggedEvent[]; readonly more: boolean }> {
  const pages: (readonly LoggedEvent[])[] = [];
  let found = 0;
  for await (const page of eventPages(redis, since)) {
    const own = issue === null ? page : page.filter((event) => event.issue === issue);
    pages.unshift(own);
    found += own.length;
    if (found > limit) break;
  }
  return { events: pages.flat().slice(-limit), more: found > limit };
}
