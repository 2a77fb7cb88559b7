import { formatRoughly, formatShort, formatUsd } from "@tac8/core/domain/formats";
import { jobIdOf, refOfJob } from "@tac8/core/domain/reference";
import type { Phase, RunPresence } from "@tac8/core/state/presence";
import { actionButton } from "../pages/button.ts";
import { html, type Html } from "../pages/html.ts";
import { issuePath, shortReference } from "../pages/issueLink.ts";
import { timeTag, withExactTime } from "../pages/time.ts";
import type { OverviewContext, OverviewPart } from "./view.ts";

const PHASES: readonly Phase[] = ["prepare", "work", "publish", "report"];
const MAX_RUNS = 20;

/** The runs, with the last action of each agent. */
export const nowPart: OverviewPart = ({ snapshot: { runners, queue } }, context) => {
  const runs = runners.flatMap(({ name, runs = [] }) => runs.map((run) => ({ name, run })));
  const oldestFirst = runs.toSorted((a, b) => a.run.since - b.run.since);
  const more = Math.max(0, queue.active - Math.min(runs.length, MAX_RUNS));
  return html`<section id="now" class="card" aria-labelledby="now-title">
    <h2 id="now-title">Running</h2>
    ${runs.length === 0 && queue.active === 0 && html`<p class="empty">No agent is running.</p>`}
    <ul class="runs">
      ${oldestFirst.slice(0, MAX_RUNS).map(({ name, run }) => item({ ...run, runner: name }, context))}
    </ul>
    ${more > 0 && html`<p class="empty">${more} more in the <a href="/queues/queue/issues?status=active">queue</a>.</p>`}
  </section>`;
};

function item(run: RunPresence & { runner: string }, { repositories, now }: OverviewContext): Html {
  const ref = refOfJob(run.issue, repositories);
  const path = ref === null ? null : issuePath(ref);
  const name = ref === null ? run.issue : shortReference(ref, repositories);
  return html`<li class="run" id="run-${run.issue}">
    <div class="run-head">
      <h3>
        ${path === null ? html`<b>${name}</b>` : html`<a class="ref" href="${path}">${name}</a>`}
        <span>${run.title}</span>
      </h3>
      ${ref !== null && actionButton({ to: `${issuePath(ref)}/stop?from=overview`, text: "Stop", about: name, id: `stop-${jobIdOf(ref)}`, tone: "danger" })}
    </div>
    <p class="action">${lastAction(run, now)}</p>
    <div class="run-foot">
      ${phases(run.phase)}
      <span class="dim">
        ${withExactTime(run.since, formatRoughly(now - run.since))} · ${formatShort(run.tokens)} tokens ·
        ${formatUsd(run.costUsd)} · ${run.slot || run.runner}
      </span>
    </div>
  </li>`;
}

function lastAction({ last }: RunPresence, now: number): Html {
  if (last === null) return html`<span class="dim">no output yet</span>`;
  return html`<code>${last.text}</code> <span class="dim">${timeTag(last.at, now)}</span>`;
}

/** The four phases of a run, with the name of the current one. */
function phases(present: Phase): Html {
  const reached = PHASES.indexOf(present);
  const steps = PHASES.map(
    (_, index) => html`<i class="${index < reached ? "past" : index === reached && "present"}"></i>`,
  );
  return html`<span class="phases"><span aria-hidden="true">${steps}</span> ${present}</span>`;
}
