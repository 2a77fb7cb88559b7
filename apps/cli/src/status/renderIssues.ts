import { formatAge, formatCents } from "@tac8/core/domain/formats";
import { renderTable, type Column } from "../terminal/table.ts";
import { plain, type Paint } from "../terminal/text.ts";
import type { IssueRow } from "./issues.ts";

const STATE_COLORS: Partial<Record<IssueRow["state"], Parameters<Paint>[0]>> = {
  running: "cyan",
  pr: "green",
  answered: "green",
  failed: "red",
  blocked: "yellow",
};

/** Minimum width for all columns, so that enough space is left for the title. */
const WIDE = 100;

/** Render `tac8 list` as lines of at most `width` columns. With one repository, issues are shown by their number. */
export function renderIssues(given: {
  readonly rows: readonly IssueRow[];
  readonly oneRepository: boolean;
  readonly now: number;
  readonly width: number;
  readonly paint: Paint;
}): string[] {
  const { rows, oneRepository, now, width, paint } = given;
  const columns: readonly Column<IssueRow>[] = [
    {
      title: "ISSUE",
      max: 24,
      text: ({ issue }) => plain(oneRepository ? issue.slice(issue.lastIndexOf("#")) : issue),
    },
    { title: "STATE", max: 9, text: ({ state }) => state },
    { title: "SINCE", max: 6, right: true, text: ({ since }) => formatAge(now - Date.parse(since)) },
    { title: "ATTEMPT", max: 7, text: ({ attempts, maxAttempts }) => `${attempts}/${maxAttempts}` },
    ...(width < WIDE
      ? []
      : [{ title: "RUNS", max: 4, right: true, text: ({ runs }: IssueRow) => (runs > 0 ? String(runs) : "") }]),
    { title: "AGENT", max: 6, right: true, text: ({ runMs }) => (runMs > 0 ? formatAge(runMs) : "") },
    { title: "COST", max: 8, right: true, text: ({ costUsd }) => (costUsd > 0 ? formatCents(costUsd) : "") },
    { title: "PR", max: 7, text: ({ pr }) => (pr === null ? "" : `#${pr.number}`) },
    { title: "RUNNER", max: width < WIDE ? 12 : 14, text: ({ runner }) => plain(runner ?? "") },
    { title: "TITLE", max: 100, text: ({ title }) => plain(title) },
  ];
  const [header = "", ...lines] = renderTable({ rows, columns, width });
  return [
    paint("dim", header),
    ...lines.map((line, index) => {
      const state = rows[index]?.state;
      const color = state === undefined ? undefined : STATE_COLORS[state];
      return state === undefined || color === undefined ? line : line.replace(`  ${state}`, `  ${paint(color, state)}`);
    }),
  ];
}
