import { html, type Html } from "../pages/html.ts";

/** The size of a drawing in its own units. The drawing is scaled to the available width. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The plot inside a drawing, without the labels of the scales. */
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
  /** CSS class with the colour. */
  readonly tone: string;
  /** The newest value, or the sum. */
  readonly value: string;
}

export interface Chart {
  /** Short, without spaces. */
  readonly id: string;
  readonly title: string;
  /** Description for readers who cannot see the drawing. */
  readonly description: string;
  readonly legend: readonly LegendEntry[];
  readonly size: Size;
  /** Null: there is no data yet. */
  readonly drawing: Html | null;
  readonly table: Table;
}

/** The data of a chart as a table. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Draw a chart with its legend, and with its data as a table that can be unfolded. */
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
