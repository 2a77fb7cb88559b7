import { clip } from "@tac8/core/domain/plainText";
import { meaningOf, stateAfter } from "@tac8/core/domain/eventMeaning";
import { refOfJob } from "@tac8/core/domain/reference";
import { webUrl } from "@tac8/core/github/urls";
import type { LoggedEvent } from "@tac8/core/domain/events";
import { html, type Html } from "../pages/html.ts";
import { issueLink } from "../pages/issueLink.ts";
import { stateChip } from "../pages/state.ts";
import { timeTag } from "../pages/time.ts";
import type { OverviewContext, OverviewPart } from "./view.ts";

const MAX_REASON = 200;

/** The newest events, newest first. */
export const eventsPart: OverviewPart = ({ snapshot: { events } }, context) =>
  html`<section id="events" class="card" aria-labelledby="events-title">
    <h2 id="events-title">Events</h2>
    ${events.length === 0 && html`<p class="empty">No events yet.</p>`}
    <ol class="rows stacked">
      ${events.toReversed().map((event) => item(event, context))}
    </ol>
  </section>`;

function item(event: LoggedEvent, context: OverviewContext): Html {
  const { repositories, now } = context;
  const { id, issue, reason, by, at } = event;
  return html`<li id="event-${id}">
    ${stateChip(chipOf(event))}
    <span class="what"
      >${issue !== "" && issueLink(issue, repositories)} ${pull(event, context)} ${clip(reason, MAX_REASON)}
      <span class="dim reason">${by}</span></span
    >
    <span class="dim">${timeTag(Date.parse(at), now)}</span>
  </li>`;
}

/** Return the state after an event, or a word for an event that changes no state. */
function chipOf(event: LoggedEvent): string {
  const meaning = meaningOf(event);
  if (meaning.of === "hold") return meaning.begins ? "hold" : "unhold";
  if (meaning.of === "reply") return meaning.allows ? "allowed" : "reply";
  if (meaning.of === "agent") return "agent";
  return stateAfter(event) ?? (meaning.of === "defect" ? "unexpected" : "note");
}

/** Link to the pull request. The event has its number, and the configuration has the address of the repository. */
function pull(event: LoggedEvent, { repositories, apiUrl }: OverviewContext): Html | null {
  const number = event.evidence["pr"];
  const ref = refOfJob(event.issue, repositories);
  if (stateAfter(event) !== "pr" || ref === null) return null;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) return null;
  return html`<a href="${webUrl(apiUrl, ref)}/pull/${String(number)}">#${String(number)}</a>`;
}
