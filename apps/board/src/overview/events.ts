import { clip } from "@tac8/core/domain/plainText";
import { refOfJob } from "@tac8/core/domain/reference";
import { webUrl } from "@tac8/core/github/urls";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { html, type Html } from "../pages/html.ts";
import { issueLink } from "../pages/issueLink.ts";
import { stateChip } from "../pages/state.ts";
import { timeTag } from "../pages/time.ts";
import type { OverviewContext, OverviewPart } from "./view.ts";

const MAX_REASON = 200;

/** Newest first. */
export const eventsPart: OverviewPart = ({ look: { events } }, context) =>
  html`<section id="events" class="card" aria-labelledby="events-title">
    <h2 id="events-title">What happened</h2>
    ${events.length === 0 && html`<p class="empty">Nothing yet.</p>`}
    <ol class="rows stacked">
      ${events.toReversed().map((event) => item(event, context))}
    </ol>
  </section>`;

function item(event: LoggedEvent, context: OverviewContext): Html {
  const { repositories, now } = context;
  const { id, to, issue, reason, by, at } = event;
  return html`<li id="event-${id}">
    ${stateChip(to)}
    <span class="what"
      >${issue !== "" && issueLink(issue, repositories)} ${pull(event, context)} ${clip(reason, MAX_REASON)}
      <span class="dim reason">${by}</span></span
    >
    <span class="dim">${timeTag(Date.parse(at), now)}</span>
  </li>`;
}

/** The runner's event has the number; only the configuration says where the repository is. */
function pull({ issue, to, evidence }: LoggedEvent, { repositories, apiUrl }: OverviewContext): Html | null {
  const number = evidence["pr"];
  const ref = refOfJob(issue, repositories);
  if (to !== "pr" || ref === null || typeof number !== "number" || !Number.isSafeInteger(number)) return null;
  return html`<a href="${webUrl(apiUrl, ref)}/pull/${String(number)}">#${String(number)}</a>`;
}
