import type { Redis } from "ioredis";
import { dayOf, lastDays } from "@tac8/core/domain/days";
import { eventPages } from "@tac8/core/state/eventPages";
import { EVENTS_KEY } from "@tac8/core/state/keys";
import { reportOf, type Report } from "./report.ts";
import { samplesOf, type Sample } from "./samples.ts";

/** Maximum number of days in the table. */
const MAX_DAYS = 400;
const DAY_MS = 24 * 3_600_000;

/**
 * Report from the event log since `since` (epoch ms). The log has at most 100,000 entries and is read in pages of 1000, of which
 * only the relevant facts are kept.
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

/** Whether the log still has all events since a time: it was never trimmed, or only older events were removed. */
async function isComplete(redis: Redis, since: number): Promise<boolean> {
  const [oldest] = await redis.xrange(EVENTS_KEY, "-", "+", "COUNT", 1);
  if (oldest === undefined || Number(oldest[0].split("-", 1)[0]) <= since) return true;
  const info = (await redis.call("XINFO", "STREAM", EVENTS_KEY)) as unknown[];
  const field = (name: string) => Number(info[info.indexOf(name) + 1]);
  return field("length") >= field("entries-added");
}
