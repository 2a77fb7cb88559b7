import { html, type Html } from "./html.ts";

/** Id of the form that every page with buttons has. */
export const ACTIONS = "actions";

export interface Action {
  /** Path that is posted to. */
  readonly to: string;
  readonly text: string;
  /** What it is about, for those who hear the button alone: `Stop` → `Stop #471`. */
  readonly about?: string;
  /** Stands in the page once: the focus finds its button again by it. */
  readonly id: string;
  readonly tone?: "plain" | "primary" | "danger";
}

/**
 * Everything that changes something is a button of the page's one form, which has the page's token: it works without
 * scripts, and by keyboard.
 */
export function actionButton({ to, text, about, id, tone = "plain" }: Action): Html {
  const label = about === undefined ? text : `${text} ${about}`;
  return html`<button form="${ACTIONS}" formaction="${to}" id="${id}" class="${tone}" aria-label="${label}">
    ${text}
  </button>`;
}
