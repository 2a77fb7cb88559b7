import type { Health } from "@tac8/core/domain/healthLevels";
import type { HistogramName } from "@tac8/core/ledger/histograms";
import type { Snapshot } from "@tac8/core/status/snapshot";
import type { ProcessPresence } from "@tac8/core/state/presence";

/** What all metrics are made from; one read whose cost does not grow with the queue. */
export interface MetricFacts {
  readonly snapshot: Snapshot;
  readonly health: Health;
  /** This process. */
  readonly board: ProcessPresence;
}

export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A number of now, or a count since tac8 was first started: those live in Redis. */
export interface Metric {
  /** Prometheus' conventions: base units in the name, `_total` for counts. */
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly labels: readonly string[];
  readonly samples: (facts: MetricFacts) => readonly Sample[];
}

/** In seconds, from the ledger's buckets. */
export interface HistogramMetric {
  readonly name: string;
  readonly help: string;
  readonly of: HistogramName;
}

/** Of one label at most: each value is a time series for ever. */
export const MAX_VALUES = 100;
const MAX_LENGTH = 120;

/** Names come from machines, models and configurations: bounded, and without control characters. */
export function labelValue(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, " ")
    .slice(0, MAX_LENGTH)
    .toWellFormed();
}

const MB = 1024 ** 2;
export const bytes = { ofMb: (mb: number) => Math.round(mb * MB), ofGb: (gb: number) => Math.round(gb * 1e9) };
