import type { RunnerPresence } from "@tac8/core/state/presence";
import { html, type Html } from "../pages/html.ts";
import { timeTag } from "../pages/time.ts";

const MAX_DOTS = 16;

export function runnerList(runners: readonly RunnerPresence[], now: number): Html {
  if (runners.length === 0) return html`<p class="empty">No runner is here: jobs wait until one comes.</p>`;
  const items = runners.map(
    (runner) =>
      html`<li>
        <b>${runner.name}</b> ${dots(runner)}
        <span class="dim"
          >${runner.busy} of ${runner.slots} busy · ${runner.host} · seen ${timeTag(runner.at, now)}</span
        >
      </li>`,
  );
  return html`<ul class="rows">
    ${items}
  </ul>`;
}

/** A dot per slot, full where an agent works. */
function dots({ slots, busy }: RunnerPresence): Html {
  const shown = Math.max(0, Math.min(Math.floor(slots), MAX_DOTS));
  const list = Array.from({ length: shown }, (_, index) => html`<i class="${index < busy && "busy"}"></i>`);
  return html`<span class="dots" aria-hidden="true">${list}</span>`;
}
