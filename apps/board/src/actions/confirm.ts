import type { Request, Response } from "express";
import { actionButton } from "../pages/button.ts";
import { html } from "../pages/html.ts";
import { layout } from "../pages/layout.ts";

/** Whether the user has confirmed the action. A tap on the wrong button must not cost money or stop work. */
export function isConfirmed({ query }: Pick<Request, "query">): boolean {
  return query["confirmed"] === "yes";
}

export interface Confirmation {
  /** Path of the action. */
  readonly path: string;
  readonly text: string;
  /** The object of the action: an issue or a hold. */
  readonly about: string;
  /** The effect of the action. */
  readonly effect: string;
  /** Token of the button. */
  readonly csrf: string;
  /** Path of the page to go back to. */
  readonly back: string;
}

/** Ask before an action that cannot be undone; works without scripts. */
export function askToConfirm(
  { query }: Pick<Request, "query">,
  response: Response,
  { path, text, about, effect, csrf, back }: Confirmation,
): void {
  const from = typeof query["from"] === "string" ? `&from=${encodeURIComponent(query["from"])}` : "";
  const to = `${path}?confirmed=yes${from}`;
  const body = html`<section class="card" aria-labelledby="confirm-title">
    <h1 id="confirm-title">${text}: ${about}?</h1>
    <p>${effect}</p>
    <div class="buttons">
      ${actionButton({ to, text, about, id: "confirm", tone: "danger" })}
      <a class="button" href="${back}">Cancel</a>
    </div>
  </section>`;
  response.type("html").send(layout({ title: `${text}: ${about}?`, body, csrf }).text);
}
