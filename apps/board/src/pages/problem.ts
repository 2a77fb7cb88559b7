import type { Response } from "express";
import { html } from "./html.ts";
import { layout } from "./layout.ts";

const RETRY_SECONDS = 5;

/** Send an error page. `message`: what the reader can do. */
export function problemPage(
  response: Response,
  { status, title, message, refresh }: { status: number; title: string; message: string; refresh?: number },
): void {
  const body = html`<div class="problem">
    <p class="code">${status}</p>
    <h1>${title}</h1>
    <p>${message}</p>
  </div>`;
  response
    .status(status)
    .type("html")
    .send(layout({ title, body, refresh: refresh ?? null }).text);
}

/** Send the error that Redis is unreachable: JSON for Bull Board's scripts, otherwise a page that reloads itself. */
export function redisUnreachablePage(response: Response, url: string): void {
  const message = "Redis does not respond. The board shows the queue again when Redis responds.";
  if (url.startsWith("/queues/api/")) {
    response.status(503).json({ error: { key: "ERRORS.INTERNAL_SERVER_ERROR" }, message });
    return;
  }
  problemPage(response, { status: 503, title: "Redis is unreachable", message, refresh: RETRY_SECONDS });
}
