import { formatReference, parseJobId, sameRepo } from "@tac8/core/domain/reference";
import { webUrl } from "@tac8/core/github/urls";
import type { LoggedEvent } from "@tac8/core/state/events";
import { html, type Html } from "../pages/html.ts";
import { isWebUrl } from "../pages/link.ts";
import { timeTag } from "../pages/time.ts";
import type { OverviewContext } from "./view.ts";

/** Colour of a state's chip; what is not named here stays grey. */
const TONES: Readonly<Record<string, string>> = {
  running: "active",
  pr: "done",
  failed: "failed",
  expired: "failed",
  blocked: "delayed",
  parked: "delayed",
  retrying: "delayed",
  hold: "delayed",
  queued: "waiting",
};

/** Newest first. */
export function eventList(events: readonly LoggedEvent[], context: OverviewContext): Html {
  if (events.length === 0) {
    const label = context.repositories[0]?.issueLabel ?? "rpi-auto";
    return html`<p class="empty">Nothing yet. Put the label <span class="chip">${label}</span> on an issue.</p>`;
  }
  const items = events.toReversed().map(
    (event) =>
      html`<li>
        <span class="chip ${TONES[event.to] ?? ""}">${event.to}</span>
        <span class="what">${subject(event, context)} ${pull(event)} ${event.reason}</span>
        <span class="dim">${timeTag(Date.parse(event.at), context.now)} · ${event.by}</span>
      </li>`,
  );
  return html`<ol class="events">
    ${items}
  </ol>`;
}

/** The issue with its link; in the configuration's spelling, which a job id does not keep. */
function subject({ issue }: LoggedEvent, { repositories, apiUrl }: OverviewContext): Html | null {
  if (issue === "") return null;
  const parsed = parseJobId(issue);
  if (parsed === null) return html`<b>${issue}</b>`;
  const repo = repositories.find((known) => sameRepo(known, parsed)) ?? parsed;
  const text = formatReference({ owner: repo.owner, repo: repo.repo, number: parsed.number });
  return html`<a href="${webUrl(apiUrl, repo)}/issues/${parsed.number}">${text}</a>`;
}

function pull({ evidence }: LoggedEvent): Html | null {
  const url = evidence["prUrl"];
  return isWebUrl(url) ? html`<a class="chip done" href="${url}">pull request</a>` : null;
}
