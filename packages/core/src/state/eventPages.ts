import type { Redis } from "ioredis";
import type { LoggedEvent } from "../domain/events.ts";
import { MAX_EVENTS, readEvents } from "./events.ts";

/** Entries of one command: about 300 kB. */
const PAGE = 1000;
/** The log trims itself now and then only, by whole blocks. */
const MAX_PAGES = Math.ceil((MAX_EVENTS * 1.1) / PAGE);

/**
 * The log backwards, page by page, each page oldest first: as far as the caller continues reading, and at most as long as the
 * log is, 100,000 entries in 110 commands. `since`: epoch ms, older entries are left out.
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

/** What is chosen of the log. */
export interface EventChoice {
  /** Only this issue's own; null: all. */
  readonly issue: string | null;
  /** Epoch ms. */
  readonly since: number;
  readonly limit: number;
}

/** The newest entries that are chosen, oldest first; `more`: there are older ones. */
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
