import { html, type Html } from "./html.ts";

/** Id of the form in every page with buttons. */
export const ACTIONS = "actions";

export interface Action {
  /** Path of the POST request. */
  readonly to: string;
  readonly text: string;
  /** The object of the action, for screen readers, which may read only the button: `Stop` → `Stop #471`. */
  readonly about?: string;
  /** Unique in the page, so that the focus returns to its button after an update. */
  readonly id: string;
  readonly tone?: "plain" | "primary" | "danger";
}

/** A button of the page's only form, which has the page's token. Actions work without scripts and by keyboard. */
export function actionButton({ to, text, about, id, tone = "plain" }: Action): Html {
  const label = about === undefined ? text : `${text} ${about}`;
  return html`<button form="${ACTIONS}" formaction="${to}" id="${id}" class="${tone}" aria-label="${label}">
    ${text}
  </button>`;
}
