import { formatCents, formatCount, formatDuration, formatNumber } from "@tac8/core/domain/formats";
import type { RepoRef } from "@tac8/core/domain/reference";
import { tokensOf } from "@tac8/core/domain/agentEvidence";
import { dayOf } from "@tac8/core/domain/days";
import { meaningOf, stateAfter } from "@tac8/core/domain/eventMeaning";
import type { LoggedEvent } from "@tac8/core/domain/events";
import type { IssueState } from "@tac8/core/domain/states";
import { cut, pad, plain, widthOf, wrap, type Paint } from "../terminal/text.ts";
import { clock } from "../terminal/time.ts";
import { shortName } from "./names.ts";

export interface TimelineStyle {
  readonly repositories: readonly RepoRef[];
  /** Whether the events are of one issue: no column for the issue, and complete reasons. */
  readonly one: boolean;
  /** Null: the output is not a terminal, so nothing is shortened. */
  readonly width: number | null;
  readonly paint: Paint;
}

const MAX_NAME = 24;
/** Columns of a change such as `retrying → running`. */
const CHANGE = 18;
type Color = Parameters<Paint>[0];
const COLORS: Partial<Record<IssueState, Color>> = {
  running: "cyan",
  pr: "green",
  answered: "green",
  failed: "red",
  blocked: "yellow",
  retrying: "yellow",
  parked: "yellow",
};

/**
 * Return a function that renders events, oldest first: a heading for each new day, then one line per event. It can be called again
 * with later events.
 */
export function timelineRenderer(style: TimelineStyle): (events: readonly LoggedEvent[]) => string[] {
  let day = "";
  let columns = 0;
  return (events) => {
    const names = events.map(({ issue }) => plain(shortName(issue, style.repositories)));
    if (!style.one) columns = Math.min(MAX_NAME, Math.max(columns, ...names.map(widthOf)));
    return events.flatMap((event, index) => {
      const today = dayOf(Date.parse(event.at));
      const heading = today === day ? [] : [...(day === "" ? [] : [""]), style.paint("bold", dayName(event.at))];
      day = today;
      return [...heading, ...eventLines(event, { ...style, name: names[index] ?? "", columns })];
    });
  };
}

function eventLines(
  event: LoggedEvent,
  style: TimelineStyle & { readonly name: string; readonly columns: number },
): string[] {
  const { one, width, paint, name, columns } = style;
  const change = pad(changeOf(event), CHANGE);
  const color = colorOf(event);
  const issue = one ? "" : `${pad(cut(name, columns), columns)}  `;
  const used = 10 + widthOf(issue) + widthOf(change) + 2;
  const head = `${paint("dim", clock(Date.parse(event.at)))}  ${issue}${color === undefined ? change : paint(color, change)}  `;
  const by = plain(event.by);
  const text = plain(textOf(event));
  if (width === null) return [`${head}${text}${by === "" ? "" : `  (${by})`}`];
  const room = Math.max(20, width - used);
  const tail = by === "" ? "" : ` (${by})`;
  if (!one) {
    // If there is not enough space, the author is omitted first.
    const whole = widthOf(text) + widthOf(tail) <= room;
    return [whole ? `${head}${text}${paint("dim", tail)}` : `${head}${cut(text, room)}`];
  }
  const [first = "", ...rest] = wrap(`${text}${tail}`, room);
  return [`${head}${first}`, ...rest.map((line) => " ".repeat(used) + line)];
}

function colorOf(event: LoggedEvent): Color | undefined {
  const meaning = meaningOf(event);
  if (meaning.of === "defect") return "red";
  if (meaning.of === "reply" || (meaning.of === "hold" && meaning.begins)) return "yellow";
  const state = stateAfter(event);
  return state === null ? undefined : COLORS[state];
}

/** Return what an event is called, such as `queued → running` or `agent ended`. */
export function changeOf(event: LoggedEvent): string {
  const meaning = meaningOf(event);
  if (meaning.of === "hold") return meaning.begins ? "hold begins" : "hold ends";
  if (meaning.of === "agent") return "agent ended";
  if (meaning.of === "reply") return meaning.allows ? "allowed" : "reply";
  if (meaning.of === "defect") return "unexpected";
  const { from } = event;
  const to = stateAfter(event);
  if (to === null) return "note";
  return from === "" || from === to ? to : `${from} → ${to}`;
}

/** Return what an event is about, on one line. */
export function textOf(event: LoggedEvent): string {
  const { reason, evidence } = event;
  const meaning = meaningOf(event);
  if (meaning.of === "agent" && meaning.agent !== null) {
    const { agent } = meaning;
    const cost = agent.costUsd > 0 ? `, ${formatCents(agent.costUsd)}` : "";
    const tokens = `${formatNumber(tokensOf(agent))} tokens`;
    return `${agent.cause}: ${formatDuration(agent.ms)}, ${formatCount(agent.turns, "turn")}, ${tokens}${cost}`;
  }
  if (meaning.of === "hold") return `${meaning.name}: ${reason}`;
  const hasFailed = meaning.of === "attempt" || meaning.of === "refused label" || stateAfter(event) === "failed";
  const kind = hasFailed ? evidence["failure"] : null;
  return typeof kind === "string" ? `${kind}: ${reason}` : reason;
}

/** Format a day in the local time zone, such as `Wednesday 2026-11-25`. */
function dayName(iso: string): string {
  const date = new Date(iso);
  const two = (part: number) => String(part).padStart(2, "0");
  const weekday = date.toLocaleDateString("en-US", { weekday: "long" });
  return `${weekday} ${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
