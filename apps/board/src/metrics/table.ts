import { markdownTable } from "@tac8/core/config/document";
import { METRICS } from "./render.ts";
import { DURATIONS } from "./work.ts";

/** Return the table of `docs/monitoring.md`, with every metric of `/metrics`. */
export function metricsTable(): string {
  const rows = [
    ...METRICS.map(({ name, type, labels, help }) => [name, type, labels, help] as const),
    ...DURATIONS.map(({ name, help }) => [name, "histogram", ["le"], help] as const),
  ];
  return markdownTable(
    ["Metric", "Type", "Labels", "Meaning"],
    rows.map(([name, type, labels, help]) => [
      `\`${name}\``,
      type,
      labels.map((label) => `\`${label}\``).join(", "),
      help,
    ]),
  );
}
