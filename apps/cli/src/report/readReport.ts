import type { Redis } from "ioredis";
import { dayOf, lastDays } from "@tac8/core/domain/days";
import { eventPages } from "@tac8/core/state/eventPages";
import { EVENTS_KEY } from "@tac8/core/state/keys";
import { reportOf, type Report } from "./report.ts";
import { samplesOf, type Sample } from "./samples.ts";

/** Days that are told of one by one. */
const MAX_DAYS = 400;
const DAY_MS = 24 * 3_600_000;

/**
 * Reads the log back to `since` (epoch ms), 1000 entries at a time: at most all of its 100,000 entries, of which it keeps
 * what counts.
 */
export async function readReport(
  redis: Redis,
  { since, now }: { readonly since: number; readonly now: number },
): Promise<Report> {
  const pages: Sample[][] = [];
  for await (const page of eventPages(redis, since)) pages.push(page.flatMap(samplesOf));
  const count = Math.min(MAX_DAYS, Math.ceil((now - since) / DAY_MS) + 1);
  const first = dayOf(since);
  const days = lastDays(count, now).filter((day) => day >= first);
  return reportOf(pages.toReversed().flat(), {
    since,
    until: now,
    complete: await isComplete(redis, since),
    dayOf,
    days,
  });
}

/** The log was never trimmed, or what it lost is older. */
async function isComplete(redis: Redis, since: number): Promise<boolean> {
  const [oldest] = await redis.xrange(EVENTS_KEY, "-", "+", "COUNT", 1);
  if (oldest === undefined || Number(oldest[0].split("-", 1)[0]) <= since) return true;
  const info = (await redis.call("XINFO", "STREAM", EVENTS_KEY)) as unknown[];
  const field = (name: string) => Number(info[info.indexOf(name) + 1]);
  return field("length") >= field("entries-added");
}
