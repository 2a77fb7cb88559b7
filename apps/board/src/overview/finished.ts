import { formatDuration, formatUsd } from "@tac8/core/domain/formats";
import { clip } from "@tac8/core/domain/plainText";
import { jobIdOf, refOfJob } from "@tac8/core/domain/reference";
import { actionButton } from "../pages/button.ts";
import { html, type Html } from "../pages/html.ts";
import { issueLink, issuePath, shortReference } from "../pages/issueLink.ts";
import { isWebUrl } from "../pages/link.ts";
import { stateChip } from "../pages/state.ts";
import { timeTag } from "../pages/time.ts";
import type { FinishedJob } from "./overviewSnapshot.ts";
import type { OverviewContext, OverviewPart } from "./view.ts";

const MAX_REASON = 200;
const MAY_BE_RETRIED = ["failed", "stopped", "expired", "cancelled"];

/** The issues that ended last, with their outcomes. */
export const finishedPart: OverviewPart = ({ finished }, context) =>
  html`<section id="finished" class="card" aria-labelledby="finished-title">
    <h2 id="finished-title">Finished</h2>
    ${finished.length === 0 && html`<p class="empty">No finished issues yet.</p>`}
    <ol class="rows stacked">
      ${finished.map((job) => item(job, context))}
    </ol>
  </section>`;

function item(job: FinishedJob, { repositories, now }: OverviewContext): Html {
  const { id, title, outcome, record, prUrl, at } = job;
  const ref = refOfJob(id, repositories);
  const reason = outcome === "pr" ? "" : clip(job.reason ?? "", MAX_REASON);
  return html`<li id="ended-${id}">
    ${stateChip(outcome)}
    <span class="what"
      >${issueLink(id, repositories)} ${title} ${reason !== "" && html`<span class="dim reason">${reason}</span>`}
      <span class="dim figures">${figures(record)}</span></span
    >
    <span class="end">
      <span class="dim">${timeTag(at, now)}</span>
      ${isWebUrl(prUrl) && html`<a href="${prUrl}">PR${record.pull.number !== null && ` #${record.pull.number}`}</a>`}
      ${
        ref !== null &&
        MAY_BE_RETRIED.includes(outcome) &&
        actionButton({
          to: `${issuePath(ref)}/retry?from=overview`,
          text: "Retry",
          about: shortReference(ref, repositories),
          id: `retry-${jobIdOf(ref)}`,
        })
      }
    </span>
  </li>`;
}

function figures({ agent: { usage } }: FinishedJob["record"]): string {
  return usage === null ? "" : `${formatDuration(usage.durationMs)} of agent time · ${formatUsd(usage.costUsd)}`;
}
