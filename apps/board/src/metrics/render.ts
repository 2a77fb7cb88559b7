import { histogramOf } from "@tac8/core/ledger/histograms";
import { labelValue, type HistogramMetric, type Metric, type MetricFacts, type Sample } from "./metric.ts";
import { PROCESSES } from "./processes.ts";
import { WHOLE } from "./whole.ts";
import { DURATIONS, WORK } from "./work.ts";

export const METRICS: readonly Metric[] = [...WHOLE, ...WORK, ...PROCESSES];

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Render all metrics in the text format of Prometheus. Pure: all counts come from Redis. */
export function renderMetrics(facts: MetricFacts): string {
  const families = [
    ...METRICS.map((metric) => renderMetric(metric, facts)),
    ...DURATIONS.map((metric) => renderHistogram(metric, facts)),
  ];
  return `${families.filter((family) => family !== "").join("\n\n")}\n`;
}

function renderMetric(metric: Metric, facts: MetricFacts): string {
  const { name, type, labels, samples } = metric;
  const series = new Map<string, number>();
  for (const { value, labels: of } of samples(facts)) {
    // Shortened names may be equal, and a series must not occur twice.
    const key = name + labelText(of ?? {});
    series.set(key, type === "counter" ? (series.get(key) ?? 0) + value : value);
  }
  if (labels.length === 0 && series.size === 0) {
    // A counter starts at 0; a gauge without a value is unknown.
    if (type === "gauge") return "";
    series.set(name, 0);
  }
  return [...head(metric), ...[...series].map(([key, value]) => sampleLine(key, value))].join("\n");
}

/** Render a histogram from the buckets of the ledger. */
function renderHistogram({ name, help, of }: HistogramMetric, { snapshot: { totals } }: MetricFacts): string {
  const { buckets, sumMs, count } = histogramOf(of, totals);
  const bucket = (le: string, value: number) => sampleLine(`${name}_bucket${labelText({ le })}`, value);
  return [
    ...head({ name, help, type: "histogram" }),
    ...buckets.map(({ le, count: upTo }) => bucket(String(le), upTo)),
    bucket("+Inf", count),
    sampleLine(`${name}_sum`, sumMs / 1000),
    sampleLine(`${name}_count`, count),
  ].join("\n");
}

function head({ name, help, type }: Pick<Metric, "name" | "help"> & { readonly type: string }): string[] {
  return [`# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`, `# TYPE ${name} ${type}`];
}

/** Return the labels of a series, such as `{host="pi-1",kind="x"}`; `""` without labels. */
function labelText(labels: NonNullable<Sample["labels"]>): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(labelValue(text))}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function sampleLine(series: string, value: number): string {
  return `${series} ${Number.isFinite(value) ? value : Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`;
}
