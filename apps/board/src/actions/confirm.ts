import type { Request, Response } from "express";
import { formatReference, type IssueRef } from "@tac8/core/domain/reference";
import { actionButton } from "../pages/button.ts";
import { html } from "../pages/html.ts";
import { issuePath } from "../pages/issueLink.ts";
import { layout } from "../pages/layout.ts";

/** Has the user confirmed the action? A tap beside the button meant must not cost money or stop work. */
export function isConfirmed({ query }: Pick<Request, "query">): boolean {
  return query["confirmed"] === "yes";
}

export interface Confirmation {
  readonly ref: IssueRef;
  /** Last part of the action's path. */
  readonly action: "retry" | "stop-now";
  readonly text: string;
  /** What the action does. */
  readonly effect: string;
}

/** Ask before an action that cannot be undone; works without scripts. */
export function askToConfirm(
  { query }: Pick<Request, "query">,
  response: Response,
  { ref, action, text, effect }: Confirmation,
): void {
  const path = issuePath(ref);
  const from = typeof query["from"] === "string" ? `&from=${encodeURIComponent(query["from"])}` : "";
  const to = `${path}/${action}?confirmed=yes${from}`;
  const body = html`<section class="card" aria-labelledby="confirm-title">
    <h1 id="confirm-title">${text} ${formatReference(ref)}?</h1>
    <p>${effect}</p>
    <div class="buttons">
      ${actionButton({ to, text, about: formatReference(ref), id: "confirm", tone: "danger" })}
      <a class="button" href="${path}">Cancel</a>
    </div>
  </section>`;
  response.type("html").send(layout({ title: `${text} #${ref.number}?`, body }).text);
}
