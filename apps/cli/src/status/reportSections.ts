import { formatCents, formatCount, formatDuration, formatNumber } from "@tac8/core/domain/formats";
import type { RepoRef } from "@tac8/core/domain/reference";
import type { Spread } from "../report/quantile.ts";
import type { AgentTotals, IssueFigures, Report } from "../report/report.ts";
import { plain } from "../terminal/text.ts";
import { shortName } from "./names.ts";

/** The content of a report for both formats: facts with a name and a text, then tables. Some one-line texts are from strangers. */
export interface ReportPage {
  readonly facts: readonly (readonly [name: string, text: string])[];
  readonly tables: readonly ReportTable[];
}

export interface ReportTable {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly figure: boolean; readonly quoted?: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

/** Maximum number of rows of each table, except that of days. */
const TOP = 5;
const MAX_DAYS = 31;

export function pageOf(report: Report, repositories: readonly RepoRef[]): ReportPage {
  return {
    facts: factsOf(report),
    tables: [days(report), models(report), failures(report), ...issues(report, repositories)].filter(
      ({ rows }) => rows.length > 0,
    ),
  };
}

function factsOf({
  outcomes,
  pullRequests: prs,
  successRate,
  toPr,
  wait,
  agents,
  complete,
}: Report): [string, string][] {
  const { pr, answered, failed, blocked, stopped, cancelled, withdrawn, expired } = outcomes;
  const rest = [
    [pr - prs, "pull request updated", "pull requests updated"],
    [answered, "answer", "answers"],
    [blocked, "question", "questions"],
    [stopped, "stopped", "stopped"],
    [cancelled, "cancelled", "cancelled"],
    [withdrawn, "withdrawn", "withdrawn"],
    [expired, "expired", "expired"],
  ] as const;
  const more = rest.flatMap(([count, one, many]) => (count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]));
  const rate =
    successRate === null ? "no issue finished" : `${Math.round(successRate * 100)} % (${pr} of ${pr + failed})`;
  return [
    ["Success", rate],
    ["Issues", [`${prs} ${prs === 1 ? "pull request" : "pull requests"}`, `${failed} failed`, ...more].join(", ")],
    ["Label to PR", spread(toPr)],
    ["Wait", spread(wait)],
    [
      "Agents",
      `${formatCount(agents.runs, "run")}, ${formatDuration(agents.ms)}, ${tokens(agents)} tokens, ${usd(agents)}`,
    ],
    ...(complete ? [] : [["Note", "the event log starts later: earlier events are missing"] as [string, string]]),
  ];
}

function spread(found: Spread | null): string {
  if (found === null) return "none";
  const { medianMs, p90Ms, maxMs, count } = found;
  return `median ${formatDuration(medianMs)}, p90 ${formatDuration(p90Ms)}, longest ${formatDuration(maxMs)} (of ${count})`;
}

function days({ days: all }: Report): ReportTable {
  const shown = all.filter(({ runs, prs, answers, failed }) => runs + prs + answers + failed > 0).slice(-MAX_DAYS);
  return {
    title: "By day",
    columns: [
      text("Day"),
      figure("PRs"),
      figure("Answers"),
      figure("Failed"),
      figure("Runs"),
      figure("Tokens"),
      figure("Cost"),
    ],
    rows: shown.map((day) => [
      day.day,
      `${day.prs}`,
      `${day.answers}`,
      `${day.failed}`,
      `${day.runs}`,
      tokens(day),
      usd(day),
    ]),
  };
}

function models({ models: all }: Report): ReportTable {
  const number = formatNumber;
  return {
    title: "By model",
    columns: [
      { title: "Model", figure: false, quoted: true },
      ...["Input", "Output", "Cache read", "Cache write", "Cost"].map(figure),
    ],
    rows: all
      .slice(0, TOP)
      .map((of) => [plain(of.model), ...[of.input, of.output, of.cacheRead, of.cacheWrite].map(number), usd(of)]),
  };
}

function failures({ failures: all }: Report): ReportTable {
  return {
    title: "Failures by kind",
    columns: [
      text("Kind"),
      figure("Attempts"),
      figure("Final"),
      { title: "Latest reason", figure: false, quoted: true },
    ],
    rows: all.map(({ kind, tries, issues: final, reason }) => [kind, `${tries}`, `${final}`, plain(reason)]),
  };
}

function issues({ issues: all }: Report, repositories: readonly RepoRef[]): ReportTable[] {
  const slow = all.filter(({ toPrMs }) => toPrMs !== null).toSorted((a, b) => (b.toPrMs ?? 0) - (a.toPrMs ?? 0));
  const dear = all.filter(({ costUsd, tokens: used }) => costUsd > 0 || used > 0);
  const table = (title: string, list: readonly IssueFigures[]): ReportTable => ({
    title,
    columns: [
      text("Issue"),
      text("End"),
      figure("Label to PR"),
      figure("Agent"),
      figure("Runs"),
      figure("Tokens"),
      figure("Cost"),
    ],
    rows: list
      .slice(0, TOP)
      .map((of) => [
        plain(shortName(of.issue, repositories)),
        of.pr === null ? (of.outcome ?? "") : `PR #${of.pr}`,
        of.toPrMs === null ? "" : formatDuration(of.toPrMs),
        formatDuration(of.ms),
        `${of.runs}`,
        tokens(of),
        usd(of),
      ]),
  });
  return [table("Most expensive", dear), table("Slowest", slow)];
}

const text = (title: string) => ({ title, figure: false });
const figure = (title: string) => ({ title, figure: true });

function tokens(of: Pick<AgentTotals, "tokens">): string {
  return formatNumber(of.tokens);
}

function usd(of: Pick<AgentTotals, "costUsd">): string {
  return formatCents(of.costUsd);
}
