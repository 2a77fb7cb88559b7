import { max } from "d3-array";
import { scaleBand, scaleLinear } from "d3-scale";
import { stack } from "d3-shape";
import { html, type Html } from "../pages/html.ts";
import { round, timeAxis, valueAxis, valueTicks } from "./axes.ts";
import { figure, plotIn } from "./frame.ts";
import type { Day } from "./chartFacts.ts";

const SIZE = { width: 360, height: 150 };
const PLOT = plotIn(SIZE);

export interface BarSeries {
  readonly name: string;
  readonly tone: string;
  readonly value: (day: Day) => number;
}

export interface DayBars {
  readonly id: string;
  readonly title: string;
  /** Whether the series are parts of a sum. Otherwise the bars are behind each other, the first series in front. */
  readonly stacked: boolean;
  readonly series: readonly BarSeries[];
  readonly days: readonly Day[];
  /** Formats one value. */
  readonly format: (value: number) => string;
  /** Values and ticks are whole numbers. */
  readonly whole?: boolean;
  /** Returns the value of a series in the legend, from the values of all days. */
  readonly sum: (values: readonly number[]) => string;
}

/** Draw one bar per day. */
export function dayBars(given: DayBars): Html {
  const { id, title, series, days, format, sum } = given;
  const values = series.map(({ value }) => days.map(value));
  const legend = series.map(({ name, tone }, index) => ({ name, tone, value: sum(values[index] ?? []) }));
  return figure({
    id,
    title,
    description: `By day, the last ${days.length} days: ${legend.map(({ name, value }) => `${name} ${value}`).join(", ")}.`,
    legend,
    size: SIZE,
    drawing: values.flat().some((value) => value > 0) ? draw(given) : null,
    table: {
      columns: ["Day", ...series.map(({ name }) => name)],
      rows: days.map((day) => [day.day, ...series.map(({ value }) => format(value(day)))]).toReversed(),
    },
  });
}

function draw({ series, days, stacked, format, whole = false }: DayBars): Html {
  const layers = stacked
    ? stackedLayers(series, days)
    : series.map(({ value }) => days.map((day) => [0, value(day)] as const));
  const x = scaleBand()
    .domain(days.map(({ day }) => day))
    .range([PLOT.left, PLOT.right])
    .padding(0.28);
  const y = scaleLinear()
    .domain([0, max(layers.flat(), ([, top]) => top) ?? 1])
    .nice(3)
    .range([PLOT.bottom, PLOT.top]);
  const ticks = valueTicks(y, { format, whole });
  const bars = layers.map((layer, index) =>
    layer.flatMap(([from, to], at) => {
      if (to <= from) return [];
      const { day = "" } = days[at] ?? {};
      const { name = "", tone = "" } = series[index] ?? {};
      const caption = `${day}: ${name} ${format(to - from)}`;
      return [
        html`<rect
          class="${tone}"
          x="${round(x(day) ?? 0)}"
          y="${round(y(to))}"
          width="${round(x.bandwidth())}"
          height="${round(Math.max(1, y(from) - y(to)))}"
          rx="1.5"
          ><title>${caption}</title></rect
        >`,
      ];
    }),
  );
  return html`${valueAxis(ticks, PLOT)} ${stacked ? bars : bars.toReversed()}
  ${timeAxis(
    dayTicks(days, (day) => (x(day) ?? 0) + x.bandwidth() / 2),
    PLOT,
  )}`;
}

function stackedLayers(series: readonly BarSeries[], days: readonly Day[]): (readonly [number, number])[][] {
  const layers = stack<Day, BarSeries>()
    .keys(series)
    .value((day, { value }) => value(day));
  return layers([...days]).map((layer) => layer.map(([from, to]) => [from, to] as const));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const EVERY = 4;

/** Return the labels of today and of every fourth day before, such as `25 Nov`. */
function dayTicks(days: readonly Day[], x: (day: string) => number) {
  return days
    .filter((_, index) => (days.length - 1 - index) % EVERY === 0)
    .map(({ day }) => {
      const [, month = "1", date = "1"] = day.split("-");
      return { at: x(day), text: `${Number(date)} ${MONTHS[Number(month) - 1] ?? ""}` };
    });
}
