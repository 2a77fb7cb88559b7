import { formatCount, formatNumber, formatShort, formatUsd } from "@tac8/core/domain/formats";
import { runbookOf } from "@tac8/core/domain/healthKinds";
import { isOpenQuestion } from "@tac8/core/status/questions";
import { OPERATOR } from "@tac8/core/domain/holds";
import { withLocalTimes } from "@tac8/core/status/times";
import { summarize } from "@tac8/core/ledger/summary";
import type { Level } from "@tac8/core/domain/healthLevels";
import { actionButton } from "../pages/button.ts";
import { html, type Html } from "../pages/html.ts";
import { timeTag } from "../pages/time.ts";
import type { OverviewPart } from "./view.ts";

const HEADINGS: Readonly<Record<Level, string>> = {
  ok: "OK",
  warning: "Warning",
  degraded: "Degraded: action needed",
  critical: "Critical: action needed",
};
const MAX_REASONS = 12;

/** The overall status, at the top of the page: the health; if it is `ok`, the number of open questions. */
export const statusPart: OverviewPart = ({ snapshot, later }, { health, now }) => {
  const { level, reasons } = health;
  const questions = later.filter(isOpenQuestion).length;
  const asks = level === "ok" && questions > 0;
  const heading = asks ? `${formatCount(questions, "question")} for you` : HEADINGS[level];
  const items = reasons
    .slice(0, MAX_REASONS)
    .map(
      ({ level: its, text, code }) =>
        html`<li class="${its}">${withLocalTimes(text, now)} · <a href="${runbookOf(code)}">what to do</a></li>`,
    );
  const paused = snapshot.holds.some(({ name }) => name === OPERATOR);
  return html`<section id="status" class="status ${asks ? "warning" : level}" aria-labelledby="health">
    <div class="health">
      <span class="lamp" aria-hidden="true"></span>
      <div>
        <h1 id="health">${heading}</h1>
        <p class="dim">${doing(snapshot, now)}</p>
      </div>
      ${!paused && actionButton({ to: "/pause", text: "Pause", about: "all new jobs", id: "pause" })}
    </div>
    ${
      items.length > 0 &&
      html`<ul class="reasons">
        ${items}
      </ul>`
    }
    ${today(snapshot)}
  </section>`;
};

function doing({ runners, scheduler }: Parameters<OverviewPart>[0]["snapshot"], now: number): Html {
  const sum = (of: "busy" | "slots") => runners.reduce((total, runner) => total + runner[of], 0);
  const work =
    runners.length === 0 ? "no runner" : `${formatNumber(sum("busy"))} of ${formatCount(sum("slots"), "slot")} busy`;
  const polled = scheduler?.lastPollAt ?? null;
  return html`${work} · ${polled === null ? "GitHub not polled yet" : html`GitHub polled ${timeTag(polled, now)}`}`;
}

function today({ today: counts }: Parameters<OverviewPart>[0]["snapshot"]): Html {
  const { outcomes, pullRequests, costUsd, tokens } = summarize(counts);
  const figures: readonly (readonly [string, string, string])[] = [
    ["Pull requests", formatNumber(pullRequests), "done"],
    ...(outcomes.answered > 0 ? ([["Answers", formatNumber(outcomes.answered), "done"]] as const) : []),
    ["Failed", formatNumber(outcomes.failed), outcomes.failed > 0 ? "failed" : ""],
    ["Tokens", formatShort(tokens), ""],
    ["Cost", formatUsd(costUsd), ""],
  ];
  return html`<dl class="today" aria-label="Today">
    ${figures.map(
      ([name, value, tone]) =>
        html`<div class="${tone}">
          <dt>${name} <span>today</span></dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
