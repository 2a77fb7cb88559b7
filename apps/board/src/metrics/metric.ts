import type { Health } from "@tac8/core/domain/healthLevels";
import type { HistogramName } from "@tac8/core/ledger/histograms";
import type { Snapshot } from "@tac8/core/status/snapshot";
import type { ProcessPresence } from "@tac8/core/state/presence";

/** The data of all metrics, from one read whose cost does not grow with the queue. */
export interface MetricFacts {
  readonly snapshot: Snapshot;
  readonly health: Health;
  /** The process of the board. */
  readonly board: ProcessPresence;
}

export interface Sample {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A current value, or a count since the first start of tac8, which is stored in Redis. */
export interface Metric {
  /** Follows the conventions of Prometheus: base units in the name, `_total` for counts. */
  readonly name: string;
  readonly help: string;
  readonly type: "gauge" | "counter";
  readonly labels: readonly string[];
  readonly samples: (facts: MetricFacts) => readonly Sample[];
}

/** A histogram in seconds, from the buckets of the ledger. */
export interface HistogramMetric {
  readonly name: string;
  readonly help: string;
  readonly of: HistogramName;
}

/** Maximum number of values of one label, because Prometheus keeps each value as a time series. */
export const MAX_VALUES = 100;
const MAX_LENGTH = 120;

/** Return a label value of bounded length without control characters, because names come from machines, models and configurations. */
export function labelValue(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}/gu, " ")
    .slice(0, MAX_LENGTH)
    .toWellFormed();
}

const MB = 1024 ** 2;
export const bytes = { ofMb: (mb: number) => Math.round(mb * MB), ofGb: (gb: number) => Math.round(gb * 1e9) };
