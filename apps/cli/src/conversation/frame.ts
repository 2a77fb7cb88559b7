import { formatCount, formatDuration, formatNumber, formatUsd } from "@tac8/core/domain/formats";
import { blockedLine } from "@tac8/core/domain/blockedHosts";
import { totalUsage, type LiveUsage } from "@tac8/core/conversation/figures";
import { tokensIn } from "@tac8/core/domain/usage";
import type { AgentRun } from "@tac8/core/state/issueState";
import { cut, fold, plain, type Paint } from "../terminal/text.ts";
import { moment } from "../terminal/time.ts";
import type { IssueView } from "./run.ts";

interface FrameOptions {
  readonly width: number;
  readonly paint: Paint;
  /** Epoch ms. */
  readonly now: number;
}

/** Render the lines above a conversation. */
export function renderHeader(issue: IssueView, run: AgentRun, { width, paint, now }: FrameOptions): string[] {
  const of = issue.runs.at(-1)?.n ?? run.n;
  const facts = [
    `run ${run.n} of ${of} on ${plain(run.runner)}`,
    `started ${moment(Date.parse(run.at), now)}`,
    `issue: ${issue.state}`,
    ...(issue.models.length === 0 ? [] : [plain(issue.models.join(" + "))]),
    ...(issue.pr === null ? [] : [`PR #${issue.pr.number}`]),
  ];
  const blocked = blockedLine(issue.blockedHosts);
  return [
    paint("bold", cut(`${plain(issue.issue)}  ${plain(issue.title)}`, width)),
    ...joined(facts, width).map((line) => paint("dim", line)),
    ...(blocked === "" ? [] : fold(plain(blocked), width).map((line) => paint("yellow", line))),
    "",
  ];
}

export interface RunEnd {
  readonly usage: LiveUsage;
  /** Time from the start to the end of the run, or until now. */
  readonly ms: number;
  readonly live: boolean;
}

/** Render the lines below a conversation: turns, time, cost and tokens. */
export function renderFooter({ usage, ms, live }: RunEnd, { width, paint }: Omit<FrameOptions, "now">): string[] {
  const total = totalUsage(usage);
  const number = formatNumber;
  const open = tokensIn(usage.open) > 0;
  const facts = [
    ...(live ? ["still running"] : []),
    ...(usage.turns > 0 ? [formatCount(usage.turns, "turn")] : []),
    formatDuration(ms),
    ...(total.costUsd > 0 ? [`${formatUsd(total.costUsd)}${open ? " and more" : ""}`] : []),
    ...(tokensIn(total) > 0
      ? [
          `tokens: ${open ? "at least " : ""}${number(total.input)} in, ${number(total.output)} out, ` +
            `${number(total.cacheRead)} from cache, ${number(total.cacheWrite)} to cache`,
        ]
      : []),
  ];
  const unknownCost = open
    ? [
        live
          ? "(the cost of a turn is known when the turn ends)"
          : "(the last turn was interrupted, so its cost is unknown; see tac8 timeline)",
      ]
    : [];
  const lines = [...joined(facts, width), ...unknownCost.flatMap((line) => fold(line, width))];
  return ["", ...lines.map((line) => paint("dim", line))];
}

/** Join facts with dots, on lines of at most `width` columns. */
function joined(facts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const fact of facts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + fact.length <= width) lines[lines.length - 1] = `${last} · ${fact}`;
    else lines.push(...fold(fact, width));
  }
  return lines;
}
