import { extent, max } from "d3-array";
import { scaleLinear, scaleTime } from "d3-scale";
import { line } from "d3-shape";
import { html, type Html } from "../pages/html.ts";
import { round, timeAxis, valueAxis, valueTicks } from "./axes.ts";
import { figure, plotIn } from "./frame.ts";

/** Small, because four charts are side by side. */
const SIZE = { width: 280, height: 140 };
const PLOT = plotIn(SIZE);

export interface Point {
  /** Epoch ms. */
  readonly at: number;
  /** Null: unknown at that time, which is a gap in the line. */
  readonly value: number | null;
}

export interface LineSeries {
  readonly name: string;
  readonly tone: string;
  /** Oldest first. */
  readonly points: readonly Point[];
}

export interface TimeLines {
  readonly id: string;
  readonly title: string;
  readonly series: readonly LineSeries[];
  /** The right edge, in epoch ms. The left edge is `hours` before it. */
  readonly now: number;
  readonly hours: number;
  readonly format: (value: number) => string;
  /** Values and ticks are whole numbers. */
  readonly whole?: boolean;
  /** Minimum value of the upper edge. */
  readonly top: number;
}

/** Maximum number of points of a line. More are not distinguishable at this size. */
const MAX_POINTS = 72;
/** The line is interrupted if two samples are further apart than this. */
const GAP_MS = 20 * 60_000;

/** Draw lines over the last hours. */
export function timeLines(given: TimeLines): Html {
  const { id, title, now, hours, format } = given;
  const series = given.series.map((each) => ({ ...each, points: thinned(each.points) }));
  const legend = series.map(({ name, tone, points }) => {
    const last = points.at(-1)?.value ?? null;
    return { name, tone, value: last === null ? "?" : format(last) };
  });
  return figure({
    id,
    title,
    description: `The last ${hours} hours; newest: ${legend.map(({ name, value }) => `${name} ${value}`).join(", ")}.`,
    legend,
    size: SIZE,
    drawing: series.some(({ points }) => points.some(({ value }) => value !== null))
      ? draw({ ...given, series })
      : null,
    table: {
      columns: ["Time", ...series.map(({ name }) => name)],
      rows: hourly(series, { now, hours, format }),
    },
  });
}

function draw({ series, now, hours, format, whole = false, top }: TimeLines): Html {
  const values = series.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  const x = scaleTime([now - hours * 3_600_000, now], [PLOT.left, PLOT.right]);
  const y = scaleLinear([0, Math.max(top, max(values) ?? 0)], [PLOT.bottom, PLOT.top]).nice(3);
  const path = line<Point>()
    .defined(({ value }) => value !== null)
    .x(({ at }) => x(at))
    .y(({ value }) => y(value ?? 0))
    .digits(1);
  const ticks = valueTicks(y, { format, whole });
  const hoursShown = x.ticks(4).map((date) => ({ at: x(date), text: clock(date) }));
  return html`${valueAxis(ticks, PLOT)} ${timeAxis(hoursShown, PLOT)}
  ${series.map(({ tone, points }) => html`<path class="line ${tone}" d="${path(withGaps(points)) ?? ""}" />${dot(points, x, y, tone)}`)}`;
}

/** Draw a dot at the newest value, because a line of one point is invisible. */
function dot(
  points: readonly Point[],
  x: (at: number) => number,
  y: (value: number) => number,
  tone: string,
): Html | null {
  const last = points.at(-1);
  if (last === undefined || last.value === null) return null;
  return html`<circle class="${tone}" cx="${round(x(last.at))}" cy="${round(y(last.value))}" r="2.5" />`;
}

function thinned(points: readonly Point[]): readonly Point[] {
  const step = Math.ceil(points.length / MAX_POINTS);
  // Counted from the end, so that the newest point is kept.
  return step <= 1 ? points : points.filter((_, index) => (points.length - 1 - index) % step === 0);
}

function withGaps(points: readonly Point[]): Point[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const gap = before !== undefined && point.at - before.at > GAP_MS;
    return gap ? [{ at: before.at + 1, value: null }, point] : [point];
  });
}

const TABLE_STEP_HOURS = 2;

/** Return the last value of every second hour, newest first. */
function hourly(
  series: readonly LineSeries[],
  { now, hours, format }: Pick<TimeLines, "now" | "hours" | "format">,
): string[][] {
  const [oldest = now] = extent(series.flatMap(({ points }) => points.map(({ at }) => at)));
  return Array.from({ length: hours / TABLE_STEP_HOURS }, (_, index) => now - index * TABLE_STEP_HOURS * 3_600_000)
    .filter((until) => until >= oldest)
    .map((until) => [
      clock(new Date(until)),
      ...series.map(({ points }) => {
        const value = points.findLast(({ at }) => at <= until)?.value ?? null;
        return value === null ? "" : format(value);
      }),
    ]);
}

/** Format a time in the local time zone, such as `14:05`. */
export function clock(date: Date): string {
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}
