import type { Hold } from "@tac8/core/domain/holds";
import { html, type Html } from "../pages/html.ts";
import { timeTag } from "../pages/time.ts";
import type { OverviewSnapshot } from "./read.ts";

/** Why nothing new starts, in words; nothing when things run. */
export function holdList({ holds, paused }: Pick<OverviewSnapshot, "holds" | "paused">, now: number): Html {
  if (holds.length === 0 && !paused) return html``;
  const heading = paused ? "The queue is paused: nothing new starts" : "On hold";
  const items = holds.map(
    (hold) =>
      html`<li>
        <b>${hold.name}</b> ${hold.reason}
        <span class="dim">by ${hold.by}, since ${timeTag(hold.since, now)}, ${end(hold, now)}</span>
      </li>`,
  );
  return html`<section class="holds" role="status">
    <h2>${heading}</h2>
    <ul>
      ${items}
    </ul>
  </section>`;
}

function end({ until }: Hold, now: number): Html {
  if (until === null) return html`until it is taken away`;
  return html`ends ${timeTag(until, now)}`;
}
