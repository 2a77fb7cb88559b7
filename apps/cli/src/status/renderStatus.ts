import { admissionText } from "@tac8/core/domain/admission";
import { formatAge, formatCents, formatShort } from "@tac8/core/domain/formats";
import { isolationWords } from "@tac8/core/isolation/choose";
import { parseReference, sameRepo, type RepoRef } from "@tac8/core/domain/reference";
import { runbookOf } from "@tac8/core/domain/healthKinds";
import type { Level } from "@tac8/core/domain/healthLevels";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { renderTable } from "../terminal/table.ts";
import { cut, pad, plain, widthOf, wrap, type Paint } from "../terminal/text.ts";
import { clock, moment, withLocalTimes } from "../terminal/time.ts";
import { changeOf, textOf } from "./renderTimeline.ts";
import type { Summary } from "@tac8/core/ledger/summary";
import type { StatusReport, StatusRun, StatusRunner } from "./statusReport.ts";

export interface How {
  readonly repositories: readonly RepoRef[];
  readonly now: number;
  readonly width: number;
  readonly paint: Paint;
  /** For a small screen: one line per reason, and only rows with news. */
  readonly brief?: boolean;
}

/** Lines of at most `width` columns, by topic. */
export interface StatusSections {
  /** The level, then the reasons, each on one or more lines. */
  readonly health: readonly (readonly string[])[];
  readonly holds: readonly string[];
  /** The open questions. */
  readonly questions: readonly string[];
  readonly runners: readonly string[];
  readonly rest: readonly string[];
  readonly runs: readonly string[];
  /** Oldest first. */
  readonly events: readonly string[];
}

const LABEL_COLUMNS = 11;
const COLORS = { ok: "green", warning: "yellow", degraded: "yellow", critical: "red" } as const satisfies Record<
  Level,
  string
>;
const MARKS: Readonly<Record<Level, string>> = { ok: "✓", warning: "!", degraded: "!!", critical: "✗" };

/** Render `tac8 status` as lines of at most `width` columns. */
export function renderStatus(report: StatusReport, how: How): string[] {
  const { health, holds, questions, runners, rest, runs, events } = statusSections(report, how);
  const heading = (text: string) => ["", how.paint("dim", text)];
  return [
    ...health.flat(),
    ...holds,
    ...questions,
    ...runners,
    ...rest,
    ...(runs.length === 0 ? [] : ["", ...runs]),
    ...(events.length === 0 ? [] : [...heading("Last events"), ...events]),
  ];
}

export function statusSections(report: StatusReport, how: How): StatusSections {
  const { width, paint, now, brief = false } = how;
  const body = width - LABEL_COLUMNS;
  const row = (label: string, text: string, color?: Parameters<Paint>[0]) => {
    const shown = cut(text, body);
    return paint("dim", pad(label, LABEL_COLUMNS)) + (color === undefined ? shown : paint(color, shown));
  };
  const { level, reasons } = report.health;
  const { admission } = report;
  const admissionRow = row(
    "New jobs",
    plain(admissionText(admission)),
    admission.state === "open" ? "green" : "yellow",
  );
  return {
    health: [
      [row("Health", level, ["bold", COLORS[level]])],
      ...reasons.map((reason) => {
        const mark = pad(MARKS[reason.level], 3);
        const text = withLocalTimes(plain(reason.text), now);
        const lines = brief ? [text] : wrap(text, body - mark.length);
        const rows = lines.map((line, index) => row("", (index === 0 ? mark : "   ") + line, COLORS[reason.level]));
        return brief ? rows : [...rows, paint("dim", `  ${runbookOf(reason.code)}`)];
      }),
    ],
    holds: [
      ...(brief && admission.state === "open" ? [] : [admissionRow]),
      ...report.holds.map((hold, index) => row(index === 0 ? "Holds" : "", holdText(hold, now), "yellow")),
      ...(brief || report.holds.length > 0 ? [] : [row("Holds", "none")]),
    ],
    questions: questionRows(report.questions, how).map((text, index) =>
      row(index === 0 ? "Questions" : "", text, "yellow"),
    ),
    runners: runnerRows(report.runners).map((text, index) => row(index === 0 ? "Runners" : "", text)),
    rest: [
      row("Queue", queueText(report.queue)),
      row("Scheduler", schedulerText(report.scheduler, now)),
      ...(brief ? [] : [row("Redis", redisText(report.redis)), row("Config", configText(report.config, body))]),
      row("Today", figuresText(report.today)),
      row("Total", figuresText(report.total)),
    ],
    runs: runRows(report, how),
    events: report.events.map((event) => cut(`  ${eventText(event, how)}`, width)),
  };
}

const MAX_QUESTIONS = 5;

function questionRows(questions: StatusReport["questions"], { repositories, now }: How): string[] {
  const rows = questions.slice(0, MAX_QUESTIONS).map(({ issue, question, askedAt }) => {
    const since = askedAt === null ? "" : `, ${formatAge(now - Date.parse(askedAt))} ago`;
    return `${issueText(issue, repositories)} asks${since}: ${plain(question).replaceAll(/\s+/g, " ")}`;
  });
  const more = questions.length - rows.length;
  return more > 0 ? [...rows, `and ${more} more: tac8 list --state blocked`] : rows;
}

function runnerRows(runners: readonly StatusRunner[]): string[] {
  const sum = (of: "slots" | "busy") => runners.reduce((total, runner) => total + runner[of], 0);
  if (runners.length === 0) return ["no runner is running: no issue is being worked on"];
  const each = runners.map(runnerText);
  return runners.length === 1 ? each : [`${runners.length}: ${sum("busy")} of ${sum("slots")} slots busy`, ...each];
}

function runnerText({ name, slots, busy, labels, admission, machine, isolation }: StatusRunner): string {
  const parts = [`${plain(name)}: ${busy} of ${slots} slots busy`];
  if (admission.state !== "open") parts.push(plain(admissionText(admission)));
  if (labels.length > 0) parts.push(`labels ${labels.map(plain).join(" ")}`);
  if (isolation !== null) parts.push(isolationWords(isolation.mode));
  if (machine !== null) {
    const { loadPerCore, temperatureC, freeMemoryMb, freeDiskGb } = machine;
    if (loadPerCore !== null) parts.push(`load ${loadPerCore.toFixed(1)}`);
    if (temperatureC !== null) parts.push(`${Math.round(temperatureC)} °C`);
    if (freeMemoryMb !== null) parts.push(`${(freeMemoryMb / 1024).toFixed(1)} GB memory`);
    if (freeDiskGb !== null) parts.push(`${freeDiskGb.toFixed(freeDiskGb < 10 ? 1 : 0)} GB disk free`);
  }
  return parts.join(", ");
}

function schedulerText(scheduler: StatusReport["scheduler"], now: number): string {
  if (scheduler === null) return "none";
  const { lastPollAt, error } = scheduler;
  const polled =
    lastPollAt === null ? "has not polled GitHub yet" : `polled GitHub ${formatAge(now - Date.parse(lastPollAt))} ago`;
  return error === null ? polled : `${polled}: ${plain(error)}`;
}

function queueText({ waiting, active, delayed, completed, failed, paused }: StatusReport["queue"]): string {
  const counts = `${waiting} waiting, ${active} active, ${delayed} delayed, ${completed} completed, ${failed} failed`;
  return paused ? `${counts}; paused` : counts;
}

function redisText({ address, used, max }: StatusReport["redis"]): string {
  const mb = (amount: number) => `${Math.round(amount / 1024 ** 2)} MB`;
  return `${address}, ${max === 0 ? mb(used) : `${mb(used)} of ${mb(max)}`}`;
}

/** Return the path in at most `columns`. A long path is shortened at its start, because its end says more. */
function configText({ path, isDemo }: StatusReport["config"], columns: number): string {
  if (path === null) return isDemo ? "no file: this is the running demo" : "no file, and no demo is running";
  const demo = isDemo ? " (the demo)" : "";
  const room = columns - demo.length;
  const shown = plain(path);
  return `${widthOf(shown) <= room ? shown : `…${shown.slice(1 - room)}`}${demo}`;
}

function figuresText({ outcomes, pullRequests: prs, successRate, agents, tokens, costUsd }: Summary): string {
  const rate = successRate === null ? "" : ` (${Math.round(successRate * 100)} % success)`;
  const { answered, failed } = outcomes;
  const answers = answered === 0 ? "" : `${answered} answer${answered === 1 ? "" : "s"}, `;
  const done = `${prs} pull request${prs === 1 ? "" : "s"}, ${answers}${failed} failed${rate}`;
  return `${done}, ${formatCents(costUsd)}, ${agents} run${agents === 1 ? "" : "s"}, ${formatShort(tokens)} tokens`;
}

function holdText({ name, reason, until }: StatusReport["holds"][number], now: number): string {
  const end = until === null ? "until it is resumed" : `until ${moment(Date.parse(until), now)}`;
  return `${plain(name)}, ${end}: ${plain(reason)}`;
}

function runRows({ runs }: StatusReport, { repositories, width, now }: How): string[] {
  if (runs.length === 0) return [];
  const wide = width >= 110;
  const lines = renderTable<StatusRun>({
    rows: runs,
    width,
    columns: [
      { title: "WORKING ON", max: 26, text: ({ issue }) => issueText(issue, repositories) },
      { title: "PHASE", max: 8, text: ({ phase }) => phase },
      { title: "FOR", max: 7, text: ({ elapsedMs }) => formatAge(elapsedMs) },
      { title: "COST", max: 9, text: ({ costUsd }) => (costUsd > 0 ? formatCents(costUsd) : "") },
      { title: "RUNNER", max: wide ? 20 : 12, text: ({ runner }) => plain(runner) },
      ...(wide ? [{ title: "TITLE", max: 30, text: ({ title }: StatusRun) => plain(title) }] : []),
      { title: "LAST ACTION", max: 200, text: (run) => actionText(run, now) },
    ],
  });
  return lines.map((line) => cut(line, width));
}

/** Return `#471` if only one repository is configured. */
function issueText(issue: string, repositories: readonly RepoRef[]): string {
  const [only] = repositories;
  if (only === undefined || repositories.length > 1) return plain(issue);
  try {
    const ref = parseReference(issue, repositories);
    return sameRepo(ref, only) ? `#${ref.number}` : plain(issue);
  } catch {
    return plain(issue); // An issue of a repository that is no longer configured.
  }
}

/** Time without output after which the age of the last output is shown. */
const SILENT_MS = 60_000;

function actionText({ last }: StatusRun, now: number): string {
  if (last === null) return "no output yet";
  const ago = now - Date.parse(last.at);
  return `${ago > SILENT_MS ? `(${formatAge(ago)} ago) ` : ""}${plain(last.text)}`;
}

/** Render an event in the words of `tac8 timeline`. */
function eventText(event: LoggedEvent, { repositories }: How): string {
  const { at, issue, by } = event;
  const what = issue === "" ? "" : `${issueText(issue, repositories)} `;
  const text = textOf(event);
  const why = text === "" ? "" : `: ${text}`;
  return `${clock(Date.parse(at))}  ${plain(`${what}${changeOf(event)}${why}`)}  (${plain(by)})`;
}
