import { extent, max } from "d3-array";
import { scaleLinear, scaleTime } from "d3-scale";
import { line } from "d3-shape";
import { html, type Html } from "../pages/html.ts";
import { round, timeAxis, valueAxis, valueTicks } from "./axes.ts";
import { figure, plotIn } from "./frame.ts";

/** Four of them stand side by side. */
const SIZE = { width: 280, height: 140 };
const PLOT = plotIn(SIZE);

export interface Point {
  /** Epoch ms. */
  readonly at: number;
  /** null: not known then, a gap. */
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
  /** Epoch ms: the right edge; the left one is `hours` before. */
  readonly now: number;
  readonly hours: number;
  readonly format: (value: number) => string;
  /** Its values are whole numbers, and so are its ticks. */
  readonly whole?: boolean;
  /** The value at the top, at least. */
  readonly top: number;
}

/** Points of a line; more cannot be told apart at this size. */
const MAX_POINTS = 72;
/** A gap in the samples this long is a gap in the line. */
const GAP_MS = 20 * 60_000;

/** Lines over the last hours. */
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

/** The newest value: a line of one point is not to be seen. */
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
  // From the end: the newest stays.
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

/** The last value of every other hour, newest first. */
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

/** `14:05`, as this place's clock has it. */
export function clock(date: Date): string {
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}
