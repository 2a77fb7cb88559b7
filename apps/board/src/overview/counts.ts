import { html, type Html } from "../pages/html.ts";
import type { Counts } from "./read.ts";

/** Label, tone, and Bull Board's name of the state. */
const TILES: readonly (readonly [keyof Counts, string, string, string])[] = [
  ["active", "Working", "active", "active"],
  ["waiting", "Waiting", "waiting", "prioritized"],
  ["delayed", "Parked", "delayed", "delayed"],
  ["completed", "Done", "done", "completed"],
  ["failed", "Failed", "failed", "failed"],
];

export function countTiles(counts: Counts): Html {
  const tiles = TILES.map(
    ([key, label, tone, status]) =>
      html`<a class="tile ${tone}${counts[key] === 0 && " none"}" href="/queues/queue/issues?status=${status}">
        <span class="number">${counts[key].toLocaleString("en-US")}</span>
        <span class="label">${label}</span>
      </a>`,
  );
  return html`<section class="tiles" aria-label="Jobs">${tiles}</section>`;
}
