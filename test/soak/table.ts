/** Format rows as text in columns, numbers aligned to the right. Pure. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const all = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[], source: readonly (string | number)[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof source[column] === "number" ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  const ruler = widths.map((width) => "-".repeat(width)).join("  ");
  const body = rows.map((row, index) => line(all[index + 1] ?? [], row));
  return [line(all[0] ?? [], head), ruler, ...body].join("\n");
}
