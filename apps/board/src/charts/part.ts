import { formatNumber, formatRoughly, formatUsd } from "@tac8/core/domain/formats";
import { SAMPLE_MS, type Sample } from "@tac8/core/ledger/samples";
import { summarize } from "@tac8/core/ledger/summary";
import { timeToPull } from "@tac8/core/ledger/timesToPull";
import { html, type Html } from "../pages/html.ts";
import { dayBars } from "./bars.ts";
import { clock, timeLines, type LineSeries } from "./lines.ts";
import { SAMPLE_HOURS, type ChartFacts, type Day } from "./chartFacts.ts";

/** Charts of the last days and hours. */
export const chartsPart = ({ charts }: { readonly charts: ChartFacts }): Html =>
  html`<section id="charts" class="card" aria-label="Charts">
    <h2>The last two weeks</h2>
    <p class="dim">As of ${clock(new Date(charts.at))}.</p>
    <div class="charts">${[issuesPerDay(charts), timesToPull(charts), costPerDay(charts)]}</div>
    <h2>The last day</h2>
    ${measured(charts)}
    <div class="charts small">${[queueDepth(charts), ...machines(charts)]}</div>
  </section>`;

/** Show when the samples were taken, because the tiles on the same page show the current values. */
function measured({ samples }: ChartFacts): Html | null {
  const last = samples.at(-1);
  if (last === undefined) return null;
  return html`<p class="dim">
    Measured every ${formatRoughly(SAMPLE_MS)}, most recently at ${clock(new Date(last.at))}.
  </p>`;
}

function issuesPerDay({ days }: ChartFacts): Html {
  const outcomes = (day: Day) => summarize(day.counts).outcomes;
  return dayBars({
    id: "issues",
    title: "Issues per day, by outcome",
    stacked: true,
    days,
    series: [
      { name: "Pull request", tone: "done", value: (day) => outcomes(day).pr },
      { name: "Answer", tone: "active", value: (day) => outcomes(day).answered },
      { name: "Failed", tone: "failed", value: (day) => outcomes(day).failed },
      { name: "Question", tone: "delayed", value: (day) => outcomes(day).blocked },
      {
        name: "Other",
        tone: "waiting",
        value: (day) => {
          const { stopped, cancelled, withdrawn, expired } = outcomes(day);
          return stopped + cancelled + withdrawn + expired;
        },
      },
    ],
    format: rounded,
    whole: true,
    sum: (values) => rounded(total(values)),
  });
}

function timesToPull({ days }: ChartFacts): Html {
  const minutes = (part: number) => (day: Day) => (timeToPull(day.counts, part) ?? 0) / 60_000;
  return dayBars({
    id: "pull",
    title: "Time to pull request",
    stacked: false,
    days,
    series: [
      { name: "Median", tone: "active", value: minutes(0.5) },
      { name: "90 % within", tone: "waiting", value: minutes(0.9) },
    ],
    format: (value) => (value === 0 ? "0" : formatRoughly(value * 60_000)),
    sum: (values) => formatRoughly((values.findLast((value) => value > 0) ?? 0) * 60_000),
  });
}

function costPerDay({ days }: ChartFacts): Html {
  return dayBars({
    id: "cost",
    title: "Cost per day",
    stacked: true,
    days,
    series: [{ name: "All models", tone: "active", value: ({ counts }) => summarize(counts).costUsd }],
    format: formatUsd,
    sum: (values) => formatUsd(total(values)),
  });
}

function queueDepth({ samples, at }: ChartFacts): Html {
  const points = (value: (sample: Sample) => number) =>
    samples.map((sample) => ({ at: sample.at, value: value(sample) }));
  return timeLines({
    id: "queue",
    title: "Queue",
    now: at,
    hours: SAMPLE_HOURS,
    series: [
      { name: "Waiting", tone: "waiting", points: points(({ waiting }) => waiting) },
      { name: "Working", tone: "active", points: points(({ active }) => active) },
      { name: "Delayed", tone: "delayed", points: points(({ delayed }) => delayed) },
    ],
    format: rounded,
    whole: true,
    top: 4,
  });
}

type Machine = Sample["hosts"][string];
/** Colours of the lines. Machines beyond this number are only in `/metrics`. */
const TONES = ["active", "done", "delayed", "failed"];

function machines({ samples, at }: ChartFacts): Html[] {
  const names = Object.keys(samples.at(-1)?.hosts ?? {})
    .toSorted()
    .slice(0, TONES.length);
  const series = (value: (machine: Machine) => number | null): LineSeries[] =>
    names.map((name, index) => ({
      name,
      tone: TONES[index] ?? "",
      points: samples.map(({ at, hosts }) => ({ at, value: hosts[name] === undefined ? null : value(hosts[name]) })),
    }));
  const shared = { now: at, hours: SAMPLE_HOURS };
  return [
    timeLines({
      ...shared,
      id: "memory",
      title: "Memory in use",
      series: series(({ freeMemoryMb, totalMemoryMb }) =>
        freeMemoryMb === null || totalMemoryMb <= 0 ? null : 100 * (1 - freeMemoryMb / totalMemoryMb),
      ),
      format: (value) => `${Math.round(value)} %`,
      top: 100,
    }),
    timeLines({
      ...shared,
      id: "load",
      title: "Load per core",
      series: series(({ loadPerCore }) => loadPerCore),
      format: (value) => value.toFixed(1),
      top: 1,
    }),
    timeLines({
      ...shared,
      id: "temperature",
      title: "Temperature",
      series: series(({ temperatureC }) => temperatureC),
      format: (value) => `${Math.round(value)} °C`,
      top: 80,
    }),
  ];
}

const rounded = (value: number): string => formatNumber(Math.round(value));
const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
