import { OPERATOR } from "@tac8/core/domain/holds";
import { summarize } from "@tac8/core/ledger/summary";
import type { Level } from "@tac8/core/health/level";
import { actionButton } from "../pages/button.ts";
import { dollars, plural, short } from "../pages/figures.ts";
import { html, type Html } from "../pages/html.ts";
import { timeTag, withLocalTimes } from "../pages/time.ts";
import type { OverviewPart } from "./view.ts";

const HEADINGS: Readonly<Record<Level, string>> = {
  ok: "All is well",
  warning: "Running, with a warning",
  degraded: "Something needs a look",
  critical: "Something is broken",
};
const MAX_REASONS = 12;

/** All is well, or what is not: the first thing to see. */
export const statusPart: OverviewPart = ({ look }, { health, now }) => {
  const { level, reasons } = health;
  const items = reasons
    .slice(0, MAX_REASONS)
    .map((reason) => html`<li class="${reason.level}">${withLocalTimes(reason.text)}</li>`);
  const paused = look.holds.some(({ name }) => name === OPERATOR);
  return html`<section id="status" class="status ${level}" aria-labelledby="verdict">
    <div class="verdict">
      <span class="lamp" aria-hidden="true"></span>
      <div>
        <h1 id="verdict">${HEADINGS[level]}</h1>
        <p class="dim">${doing(look, now)}</p>
      </div>
      ${!paused && actionButton({ to: "/pause", text: "Pause", about: "all new work", id: "pause" })}
    </div>
    ${
      items.length > 0 &&
      html`<ul class="reasons">
        ${items}
      </ul>`
    }
    ${today(look)}
  </section>`;
};

function doing({ runners, scheduler }: Parameters<OverviewPart>[0]["look"], now: number): Html {
  const sum = (of: "busy" | "slots") => runners.reduce((total, runner) => total + runner[of], 0);
  const work = runners.length === 0 ? "no runner" : `${plural(sum("busy"), "agent")} at work, ${sum("slots")} possible`;
  const polled = scheduler?.lastPollAt ?? null;
  return html`${work} · ${polled === null ? "GitHub not asked yet" : html`GitHub asked ${timeTag(polled, now)}`}`;
}

function today({ today: counts }: Parameters<OverviewPart>[0]["look"]): Html {
  const { outcomes, costUsd, tokens } = summarize(counts);
  const figures: readonly (readonly [string, string, string])[] = [
    ["Pull requests", outcomes.pr.toLocaleString("en-US"), "done"],
    ["Failed", outcomes.failed.toLocaleString("en-US"), outcomes.failed > 0 ? "failed" : ""],
    ["Tokens", short(tokens), ""],
    ["Cost", dollars(costUsd), ""],
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
