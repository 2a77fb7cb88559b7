import { cut, pad, widthOf } from "./text.ts";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Longer cells are cut. */
  readonly max: number;
}

const GAP = "  ";

/**
 * Lines of a table that is at most `columns` wide: a header, then a line a row. The last column takes what is left, and
 * goes away where fewer than 10 columns are left for it. Columns that are empty in every row are left out.
 */
export function renderTable<Row>(options: {
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly width: number;
}): string[] {
  const filled = options.columns.map((column) => ({ ...column, cells: options.rows.map((row) => column.text(row)) }));
  const shown = filled.filter((column) => column.cells.some((cell) => cell !== ""));
  const last = shown.pop();
  if (last === undefined) return [];
  const sized = shown.map(({ title, cells, max }) => ({
    title,
    cells,
    width: Math.min(max, Math.max(widthOf(title), ...cells.map(widthOf))),
  }));
  const used = sized.reduce((sum, { width }) => sum + width + GAP.length, 0);
  const left = Math.min(last.max, options.width - used);
  if (left >= 10 || sized.length === 0) sized.push({ title: last.title, cells: last.cells, width: Math.max(left, 10) });
  const line = (cellOf: (column: (typeof sized)[number]) => string) =>
    sized
      .map((column) => pad(cut(cellOf(column), column.width), column.width))
      .join(GAP)
      .trimEnd();
  return [line(({ title }) => title), ...options.rows.map((_, index) => line(({ cells }) => cells[index] ?? ""))];
}
