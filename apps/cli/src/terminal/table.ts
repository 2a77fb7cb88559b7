import { cut, pad, widthOf } from "./text.ts";

export interface Column<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** Maximum width. Longer cells are shortened. */
  readonly max: number;
  /** Whether the cells are right-aligned, as for numbers. */
  readonly right?: boolean;
}

const GAP = "  ";

/**
 * Return the lines of a table of at most `width` columns: a header, then one line per row. The last column gets the remaining
 * space, and is omitted if that is less than it needs, up to 10. Columns that are empty in every row are omitted.
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
      .map((column) => align(cut(cellOf(column), column.width), column))
      .join(GAP)
      .trimEnd();
  return [line(({ title }) => title), ...options.rows.map((_, index) => line(({ cells }) => cells[index] ?? ""))];
}

function align(cell: string, { width, right }: { readonly width: number; readonly right: boolean }): string {
  return right ? " ".repeat(Math.max(0, width - widthOf(cell))) + cell : pad(cell, width);
}
