import { compareIds } from "@tac8/core/domain/breaker";
import { chooseEvents } from "@tac8/core/state/eventPages";
import { readEventsFrom } from "@tac8/core/state/eventFeed";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { MAX_EVENTS } from "@tac8/core/state/events";
import type { Redis } from "ioredis";
import type { Context } from "../context/context.ts";
import { wholeName } from "../status/names.ts";
import { timelineRenderer } from "../status/renderTimeline.ts";
import { timelineLine, timelineOutput } from "../json/timeline.ts";
import { jsonOf } from "../json/print.ts";
import type { Input } from "../context/program.ts";
import { withRedis } from "../redis/connect.ts";
import { locate } from "../installation/locate.ts";
import { referenceOf } from "../references/reference.ts";
import { parseCount, parseSince } from "../terminal/since.ts";
import { painter } from "../terminal/text.ts";

/**
 * Show the event log, the newest event last; with `--follow`, until a signal. The exit code is 0 even if there are no events.
 */
export async function timeline(context: Context, { args, options }: Input): Promise<number> {
  const { now } = context;
  const installation = locate(context, options["config"] as string | undefined);
  const [text] = args;
  const { since, limit } = options as { readonly since?: string; readonly limit: string };
  const choice = {
    issue: text === undefined ? null : referenceOf(text, installation),
    since: since === undefined ? 0 : parseSince(since, now()),
    limit: parseCount("--limit", limit, MAX_EVENTS),
  };
  const how = { json: options["json"] === true, follow: options["follow"] === true };
  const { out } = context;
  const { repositories } = installation;
  const style = { repositories, one: choice.issue !== null, width: out.columns, paint: painter(out.color) };
  const render = timelineRenderer(style);
  const named = (event: LoggedEvent): LoggedEvent => ({ ...event, issue: wholeName(event.issue, repositories) });
  const show = (events: readonly LoggedEvent[]): void => {
    const lines = how.json ? events.map((event) => jsonOf(timelineLine, named(event), 0)) : render(events);
    if (lines.length > 0) out.line(lines.join("\n"));
  };
  return withRedis(
    installation.redisUrl,
    async (redis) => {
      const from = how.follow ? await newestId(redis) : null;
      const { events, more } = await chooseEvents(redis, choice);
      if (how.json && !how.follow) out.line(jsonOf(timelineOutput, { events: events.map(named), more }));
      else if (events.length === 0 && !how.follow) out.line(nothing(choice));
      else {
        if (more && !how.json) out.line(style.paint("dim", "(Older events are not shown: raise --limit to see more.)"));
        show(events);
      }
      if (from !== null) await follow(context, { redis, from: later(from, events), issue: choice.issue, show });
      return 0;
    },
    installation.advice,
  );
}

function nothing({ issue, since }: { readonly issue: string | null; readonly since: number }): string {
  const whose = issue === null ? "" : " of this issue";
  return `No events${whose}${since === 0 ? "" : " in this period"}.`;
}

async function newestId(redis: Redis): Promise<string> {
  return (await chooseEvents(redis, { issue: null, since: 0, limit: 1 })).events[0]?.id ?? "0";
}

/** Return the later of the two positions, because events that arrived during the read are already shown. */
function later(from: string, events: readonly LoggedEvent[]): string {
  const last = events.at(-1)?.id ?? from;
  return compareIds(last, from) > 0 ? last : from;
}

interface Follow {
  readonly redis: Redis;
  /** Stream id after which events are shown. */
  readonly from: string;
  readonly issue: string | null;
  readonly show: (events: readonly LoggedEvent[]) => void;
}

/** Show new events until a signal. */
async function follow(context: Context, { redis, from, issue, show }: Follow): Promise<void> {
  const stop = new AbortController();
  const off = context.onSignal(() => {
    stop.abort();
    redis.disconnect(); // Ends the blocking read.
  });
  try {
    for (let after = from; !stop.signal.aborted;) {
      const events = await readEventsFrom(redis, after);
      after = events.at(-1)?.id ?? after;
      show(issue === null ? events : events.filter((event) => event.issue === issue));
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    off();
  }
}
