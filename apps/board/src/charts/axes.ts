import type { ScaleLinear } from "d3-scale";
import { html, type Html } from "../pages/html.ts";
import type { Plot } from "./frame.ts";

interface Tick {
  readonly at: number;
  readonly text: string;
}

/** Return about three ticks of a scale. `whole`: the values are whole numbers. */
export function valueTicks(
  y: ScaleLinear<number, number>,
  { format, whole }: { readonly format: (value: number) => string; readonly whole: boolean },
): Tick[] {
  const values = y.ticks(3).filter((value) => !whole || Number.isInteger(value));
  return values.map((value) => ({ at: y(value), text: format(value) }));
}

/** Horizontal lines across the plot, with their values at the left. */
export function valueAxis(ticks: readonly Tick[], plot: Plot): Html {
  return html`<g class="axis">
    ${ticks.map(
      ({ at, text }) =>
        html`<path d="M${plot.left} ${round(at)}H${plot.right}" /><text
            x="${plot.left - 5}"
            y="${round(at + 3.5)}"
            text-anchor="end"
            >${text}</text
          >`,
    )}
  </g>`;
}

/** Labels below the plot. The outer labels stay inside the drawing. */
export function timeAxis(ticks: readonly Tick[], plot: Plot): Html {
  return html`<g class="axis">
    ${ticks.map(({ at, text }, index) => {
      const anchor = index === 0 && at < plot.left + 20 ? "start" : at > plot.right - 20 ? "end" : "middle";
      return html`<text x="${round(at)}" y="${plot.bottom + 14}" text-anchor="${anchor}">${text}</text>`;
    })}
  </g>`;
}

/** Round to a tenth of a unit, which is finer than a pixel, to keep the page small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
