import { formatNumber } from "@tac8/core/domain/formats";
import type { QueueCounts } from "@tac8/core/status/snapshot";
import { html } from "../pages/html.ts";
import type { OverviewPart } from "./view.ts";

/** Label, tone, and Bull Board's name of the state. */
const TILES: readonly (readonly [Exclude<keyof QueueCounts, "paused">, string, string, string])[] = [
  ["active", "Active", "active", "active"],
  ["waiting", "Waiting", "waiting", "prioritized"],
  ["delayed", "Delayed", "delayed", "delayed"],
  ["completed", "Completed", "done", "completed"],
  ["failed", "Failed", "failed", "failed"],
];

export const tilesPart: OverviewPart = ({ snapshot: { queue } }) => {
  const tiles = TILES.map(
    ([key, label, tone, status]) =>
      html`<a class="tile ${tone}${queue[key] === 0 && " none"}" href="/queues/queue/issues?status=${status}">
        <span class="number">${formatNumber(queue[key])}</span>
        <span class="label">${label}</span>
      </a>`,
  );
  return html`<nav id="tiles" class="tiles" aria-label="Jobs in the queue">${tiles}</nav>`;
};
