import { html, type Html } from "../pages/html.ts";
import { PLOT } from "./frame.ts";

interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Lines across the plot with their values at the left. */
export function valueAxis(ticks: readonly Tick[]): Html {
  return html`<g class="axis">
    ${ticks.map(
      ({ at, text }) =>
        html`<path d="M${PLOT.left} ${round(at)}H${PLOT.right}" /><text
            x="${PLOT.left - 5}"
            y="${round(at + 3.5)}"
            text-anchor="end"
            >${text}</text
          >`,
    )}
  </g>`;
}

/** Words below the plot; the outer ones do not stick out. */
export function timeAxis(ticks: readonly Tick[]): Html {
  return html`<g class="axis">
    ${ticks.map(({ at, text }, index) => {
      const anchor = index === 0 && at < PLOT.left + 20 ? "start" : at > PLOT.right - 20 ? "end" : "middle";
      return html`<text x="${round(at)}" y="${PLOT.bottom + 14}" text-anchor="${anchor}">${text}</text>`;
    })}
  </g>`;
}

/** A tenth of the drawing's unit is finer than a screen's dot, and shorter to send. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
