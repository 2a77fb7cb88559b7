import { html, type Html } from "../pages/html.ts";

/** A drawing in its own units; it fills the width that it has. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The plot inside a drawing: what is left beside the scales' words. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function plotIn({ width, height }: Size): Plot {
  return { left: 42, right: width - 6, top: 8, bottom: height - 20 };
}

export interface LegendEntry {
  readonly name: string;
  /** Class that has its colour. */
  readonly tone: string;
  /** The newest value, or the sum: what the reader asks for first. */
  readonly value: string;
}

export interface Chart {
  /** Short, without spaces. */
  readonly id: string;
  readonly title: string;
  /** What there is to see, for those who cannot see it. */
  readonly description: string;
  readonly legend: readonly LegendEntry[];
  readonly size: Size;
  /** null: there is nothing to draw yet. */
  readonly drawing: Html | null;
  readonly table: Table;
}

/** The same as numbers. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A chart with its legend, and its numbers as a table that can be unfolded. */
export function figure({ id, title, description, legend, size, drawing, table }: Chart): Html {
  const name = `chart-${id}`;
  return html`<figure id="${name}" class="chart">
    <figcaption>
      <h3>${title}</h3>
      <ul class="legend">
        ${legend.map((entry) => html`<li class="${entry.tone}">${entry.name} <b>${entry.value}</b></li>`)}
      </ul>
    </figcaption>
    ${
      drawing === null
        ? html`<p class="empty">No data yet.</p>`
        : html`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-labelledby="${name}-t ${name}-d">
            <title id="${name}-t">${title}</title>
            <desc id="${name}-d">${description}</desc>
            ${drawing}
          </svg>`
    }
    ${drawing !== null && numbers(table)}
  </figure>`;
}

function numbers({ columns, rows }: Table): Html {
  return html`<details>
    <summary>As a table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Table">
      <table>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col">${column}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ([first = "", ...rest]) =>
              html`<tr>
                <th scope="row">${first}</th>
                ${rest.map((cell) => html`<td>${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}
