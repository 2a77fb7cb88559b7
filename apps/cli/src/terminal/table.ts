import { cut, pad, widthOf } from "./text.ts";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Longer cells are cut. */
  readonly max: number;
  /** For figures: they end at the column's right. */
  readonly right?: boolean;
}

const GAP = "  ";

/**
 * Lines of a table that is at most `columns` wide: a header, then a line a row. The last column takes what is left, and
 * goes away where fewer than 10 columns are left for it, and it needs them. Columns that are empty in every row are left out.
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
  const sized = shown.map(({ title, cells, max, right = false }) => ({
    title,
    cells,
    right,
    width: Math.min(max, Math.max(widthOf(title), ...cells.map(widthOf))),
  }));
  const used = sized.reduce((sum, { width }) => sum + width + GAP.length, 0);
  const left = Math.min(last.max, options.width - used);
  const least = Math.min(10, Math.max(widthOf(last.title), ...last.cells.map(widthOf)));
  if (left >= least || sized.length === 0) {
    sized.push({ ...last, right: last.right ?? false, width: Math.max(left, least) });
  }
  const line = (cellOf: (column: (typeof sized)[number]) => string) =>
    sized
      .map((column) => fit(cut(cellOf(column), column.width), column))
      .join(GAP)
      .trimEnd();
  return [line(({ title }) => title), ...options.rows.map((_, index) => line(({ cells }) => cells[index] ?? ""))];
}

function fit(cell: string, { width, right }: { readonly width: number; readonly right: boolean }): string {
  return right ? " ".repeat(Math.max(0, width - widthOf(cell))) + cell : pad(cell, width);
}
