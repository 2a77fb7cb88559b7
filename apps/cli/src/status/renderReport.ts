import { renderTable } from "../terminal/table.ts";
import { pad, wrap, type Paint } from "../terminal/text.ts";
import type { ReportPage, ReportTable } from "./reportSections.ts";

const LABEL = 13;
const MAX_CELL = 28;

/** Render `tac8 report` as lines of at most `width` columns. */
export function renderReport(
  { facts, tables }: ReportPage,
  how: { readonly title: string; readonly width: number; readonly paint: Paint },
): string[] {
  const { title, width, paint } = how;
  const lines = facts.flatMap(([name, text]) => {
    const [first = "", ...rest] = wrap(text, Math.max(20, width - LABEL));
    return [paint("dim", pad(name, LABEL)) + first, ...rest.map((line) => " ".repeat(LABEL) + line)];
  });
  return [
    paint("bold", title),
    "",
    ...lines,
    ...tables.flatMap((table) => {
      const [header = "", ...rows] = renderTable({ rows: table.rows, columns: columnsOf(table), width });
      return ["", paint("bold", table.title), paint("dim", header), ...rows];
    }),
  ];
}

function columnsOf({ columns, rows }: ReportTable) {
  const last = columns.length - 1;
  return columns.map(({ title, figure }, index) => ({
    title: title.toUpperCase(),
    text: (row: readonly string[]) => row[index] ?? "",
    max: figure
      ? Math.max(title.length, ...rows.map((row) => row[index]?.length ?? 0))
      : index === last
        ? 200
        : MAX_CELL,
    right: figure,
  }));
}

/** Render `tac8 report --markdown`, which can be pasted into an issue. */
export function renderMarkdown({ facts, tables }: ReportPage, title: string): string[] {
  return [
    `## ${title}`,
    "",
    ...facts.map(([name, text]) => `- **${name}**: ${text}`),
    ...tables.flatMap((table) => ["", `### ${table.title}`, "", ...markdownTable(table)]),
  ];
}

function markdownTable({ columns, rows }: ReportTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ figure }) => (figure ? "---:" : "---"))),
    ...rows.map((row) => line(columns.map(({ quoted }, index) => cell(row[index] ?? "", quoted ?? false)))),
  ];
}

/** Render a cell. Text of strangers is shown as code, so that no markup, link or mention in it works. */
function cell(text: string, quoted: boolean): string {
  const safe = text.replaceAll("`", "'").replaceAll("\\", "\\\\").replaceAll("|", "\\|");
  return quoted && safe !== "" ? `\`${safe}\`` : safe;
}
