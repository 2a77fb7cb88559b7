import { OPERATOR, type Hold } from "@tac8/core/domain/holds";
import { holdWords } from "@tac8/core/domain/holdWords";
import { actionButton } from "../pages/button.ts";
import { html, type Html } from "../pages/html.ts";
import { timeTag } from "../pages/time.ts";
import type { OverviewPart } from "./view.ts";

const MAX_HOLDS = 20;

/** The holds: why no new jobs start, and until when. Hidden if there are none. */
export const holdsPart: OverviewPart = ({ snapshot: { holds, queue } }, { now }) => {
  if (holds.length === 0 && !queue.paused) return html`<div id="holds" hidden></div>`;
  const heading = queue.paused ? "On hold: no new jobs start" : "On hold";
  const items = holds.slice(0, MAX_HOLDS).map((hold) => item(hold, now));
  return html`<section id="holds" class="notice" role="status" aria-labelledby="holds-title">
    <h2 id="holds-title">${heading}</h2>
    <ul>
      ${items}
    </ul>
  </section>`;
};

function item(hold: Hold, now: number): Html {
  const { name, reason, by, since } = hold;
  const { title, advice } = holdWords(name);
  return html`<li id="hold-${name}">
    <div>
      <b>${title}</b> ${reason}
      <span class="dim">by ${by}, ${timeTag(since, now)}, ${end(hold, now)}</span>
      ${name !== OPERATOR && advice !== "" && html`<p class="advice">${advice}</p>`}
    </div>
    ${button(name)}
  </li>`;
}

function button(name: string): Html | false {
  if (name === OPERATOR) {
    return actionButton({ to: "/resume", text: "Resume", about: "new jobs", id: "resume", tone: "primary" });
  }
  if (!holdWords(name).byHand) return false;
  const to = `/holds/${encodeURIComponent(name)}/end`;
  return actionButton({ to, text: "Try now", about: `despite the hold ${name}`, id: `try-${name}` });
}

function end({ until }: Hold, now: number): Html {
  return until === null ? html`until it is resumed` : html`ends ${timeTag(until, now)}`;
}
