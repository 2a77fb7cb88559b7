import { formatReference, parseJobId } from "@tac8/core/domain/reference";
import type { LoggedEvent } from "@tac8/core/state/events";
import { cut, pad, plain, type Paint } from "../terminal/text.ts";
import { clock, moment, span } from "../terminal/time.ts";
import type { Health } from "./health.ts";

interface How {
  readonly now: number;
  readonly width: number;
  readonly paint: Paint;
}

const LABEL_COLUMNS = 11;

/** `tac8 status` as lines of at most `width` columns. */
export function renderHealth(health: Health, how: How): string[] {
  const row = (label: string, text: string, color?: Parameters<Paint>[0]) => {
    const body = cut(text, how.width - LABEL_COLUMNS);
    return how.paint("dim", pad(label, LABEL_COLUMNS)) + (color === undefined ? body : how.paint(color, body));
  };
  const { scheduler, runners, holds, events } = health;
  return [
    row("Redis", health.redis),
    row("Scheduler", schedulerText(scheduler, how.now), scheduler.ok ? undefined : "red"),
    row("Runners", runnersText(runners), runners.ok ? undefined : "red"),
    ...(runners.list.length > 1
      ? runners.list.map(({ name, slots, busy }) => row("", `${plain(name)}: ${busy} of ${slots} busy`))
      : []),
    row("Queue", queueText(health.queue)),
    ...(holds.length === 0 ? [row("Holds", "none")] : []),
    ...holds.map((hold, index) => row(index === 0 ? "Holds" : "", holdText(hold, how.now), "yellow")),
    ...(events.length === 0 ? [row("Events", "none yet")] : ["", how.paint("dim", "Last events")]),
    ...events.map((event) => cut(`  ${eventText(event)}`, how.width)),
  ];
}

function schedulerText({ lastPollAt, error }: Health["scheduler"], now: number): string {
  const polled =
    lastPollAt === null ? "has not reached GitHub yet" : `asked GitHub ${span(now - Date.parse(lastPollAt))} ago`;
  return error === null ? polled : `${polled}: ${plain(error)}`;
}

function runnersText({ list, slots, busy }: Health["runners"]): string {
  const [only, ...more] = list;
  if (only === undefined) return "none: no issue is being worked on";
  return `${more.length === 0 ? plain(only.name) : list.length}: ${busy} of ${slots} slots busy`;
}

function queueText({ waiting, active, delayed, completed, failed, paused }: Health["queue"]): string {
  const counts = `${waiting} waiting, ${active} active, ${delayed} parked, ${completed} done, ${failed} failed`;
  return paused ? `${counts}; paused` : counts;
}

function holdText({ name, reason, until }: Health["holds"][number], now: number): string {
  const end = until === null ? "until it is resumed" : `until ${moment(Date.parse(until), now)}`;
  return `${plain(name)}, ${end}: ${plain(reason)}`;
}

function eventText({ at, issue, from, to, by, reason }: LoggedEvent): string {
  const ref = parseJobId(issue);
  const what = ref === null ? "" : `${formatReference(ref)} `;
  const change = from === "" || from === to ? to : `${from} → ${to}`;
  const why = reason === "" ? "" : `: ${reason}`;
  return `${clock(Date.parse(at))}  ${plain(`${what}${change}${why}`)}  (${plain(by)})`;
}
