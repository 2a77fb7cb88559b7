import { Counter, Gauge, Histogram, Registry, type MetricType, type MetricValueWithName } from "prom-client";
import { histogramOf } from "@tac8/core/ledger/histograms";
import { labelValue, type HistogramMetric, type Metric, type MetricFacts } from "./metric.ts";
import { PROCESSES } from "./processes.ts";
import { WHOLE } from "./whole.ts";
import { DURATIONS, WORK } from "./work.ts";

export const METRICS: readonly Metric[] = [...WHOLE, ...WORK, ...PROCESSES];

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** All metrics in Prometheus' text format. The registry is made anew: what is counted is in Redis, not in this process. */
export async function renderMetrics(facts: MetricFacts): Promise<string> {
  const registry = new Registry();
  for (const metric of METRICS) addMetric(registry, metric, facts);
  for (const histogram of DURATIONS) registry.registerMetric(new LedgerHistogram(histogram, facts));
  return registry.metrics();
}

function addMetric(registry: Registry, { name, help, type, labels, samples }: Metric, facts: MetricFacts): void {
  const settings = { name, help, labelNames: [...labels], registers: [registry] };
  const found = samples(facts).map((sample) => ({
    value: sample.value,
    labels: Object.fromEntries(Object.entries(sample.labels ?? {}).map(([key, text]) => [key, labelValue(text)])),
  }));
  if (type === "counter") {
    const counter = new Counter(settings);
    for (const sample of found) counter.inc(sample.labels, sample.value);
    return;
  }
  // One without labels would be 0 by itself, before anything is known of it.
  if (found.length === 0 && labels.length === 0) return;
  const gauge = new Gauge(settings);
  for (const sample of found) gauge.set(sample.labels, sample.value);
}

/** A histogram whose buckets were counted elsewhere. */
class LedgerHistogram extends Histogram<"le"> {
  readonly #metric: HistogramMetric;
  readonly #facts: MetricFacts;

  constructor(metric: HistogramMetric, facts: MetricFacts) {
    super({ name: metric.name, help: metric.help, registers: [] });
    this.#metric = metric;
    this.#facts = facts;
  }

  override get() {
    const { name, help, of } = this.#metric;
    const { buckets, sumMs, count } = histogramOf(of, this.#facts.look.totals);
    const values: MetricValueWithName<"le">[] = [
      ...buckets.map((bucket) => ({ metricName: `${name}_bucket`, labels: { le: bucket.le }, value: bucket.count })),
      { metricName: `${name}_bucket`, labels: { le: "+Inf" }, value: count },
      { metricName: `${name}_sum`, labels: {}, value: sumMs / 1000 },
      { metricName: `${name}_count`, labels: {}, value: count },
    ];
    // The enum stands in the library's types only; its code has the word.
    const type = "histogram" as unknown as MetricType;
    return Promise.resolve({ name, help, type, values, aggregator: "sum" as const, collect: () => undefined });
  }

  /** What the registry asks for first. */
  getForPromString() {
    return this.get();
  }
}
