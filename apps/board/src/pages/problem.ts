import type { Response } from "express";
import { html } from "./html.ts";
import { layout } from "./layout.ts";

const RETRY_SECONDS = 5;

/** A page with one thing to say; `message` is what the reader can do about it. */
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

/** For Bull Board's scripts as JSON, for people as a page that checks again by itself. */
export function redisUnreachablePage(response: Response, url: string): void {
  const message = "Redis does not respond. The board shows the queue again when Redis responds.";
  if (url.startsWith("/queues/api/")) {
    response.status(503).json({ error: { key: "ERRORS.INTERNAL_SERVER_ERROR" }, message });
    return;
  }
  problemPage(response, { status: 503, title: "Redis is unreachable", message, refresh: RETRY_SECONDS });
}
