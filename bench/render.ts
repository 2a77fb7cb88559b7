import type { Comparison } from "./compare.ts";
import type { Results, Row, Unit } from "./results.ts";
import type { Summary } from "./stats.ts";

const HEAD = ["row", "figure", "median (min–max)", "floor", "figure/floor"] as const;

/** Render the table as text. */
export function renderTable(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    row.what,
    `${spread(row.value)} ${unitName(row.unit)}`.trimEnd(),
    row.floor === null ? "–" : `${spread(row.floor)} (${row.floor.what})`,
    row.ratio === null ? "–" : spread(row.ratio),
  ]);
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => (line[column] ?? "").length)),
  );
  const text = (line: readonly string[]) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
  const notes = rows.flatMap(({ name, note }) => (note === undefined ? [] : [`${name}: ${note}`]));
  return [text(HEAD), ...lines.map(text), ...notes].map((line) => line.trimEnd()).join("\n");
}

/** Return one line about the measured checkout and the machine. */
export function renderHead({ quick, entries, commit, node, cores, at }: Omit<Results, "rows" | "failed">): string {
  const size = quick ? "quick" : "full";
  return `${size} run of ${entries} at commit ${commit ?? "unknown"}, Node ${node}, ${cores} cores, ${at}`;
}

/** Render one line for each compared row, with regressions marked. */
export function renderComparison({ changes, missing }: Comparison): string {
  const width = Math.max(0, ...changes.map(({ name }) => name.length));
  const lines = changes.map(({ name, before, now, growth, regressed }) => {
    const percent = `${growth >= 0 ? "+" : ""}${Math.round(growth * 100)} %`;
    return `${regressed ? "✗" : "✓"} ${name.padEnd(width)}  ${number(before)} → ${number(now)}  (${percent})`;
  });
  return [...lines, ...missing.map((name) => `✗ ${name}: not measured`)].join("\n");
}

function spread({ median, min, max }: Summary): string {
  return min === max ? number(median) : `${number(median)} (${number(min)}–${number(max)})`;
}

/** Format a number with three significant digits. */
function number(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

function unitName(unit: Unit): string {
  return unit === "count" ? "" : unit;
}
