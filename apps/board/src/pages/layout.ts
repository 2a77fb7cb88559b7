import { html, Html } from "./html.ts";
import { ACTIONS } from "./button.ts";
import { STYLE } from "./style.ts";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='9' fill='%234f46e5'/%3E%3Cpath d='M9 17l5 5 9-12' fill='none' stroke='%23fff' stroke-width='4' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E";

export interface PageParts {
  readonly title: string;
  readonly body: Html;
  /** Token of the page's buttons; null: the page has no buttons. */
  readonly csrf?: string | null;
  /** Path of the page's live stream; null: the page has none. */
  readonly live?: string | null;
  /** Seconds until the page is reloaded without scripts or without a stream; null: never. */
  readonly refresh?: number | null;
  /** The result of the action that was started. */
  readonly notice?: Notice | null;
  /** Whether the page has links to the other pages, which need a session. */
  readonly links?: boolean;
}

export interface Notice {
  readonly text: string;
  readonly good: boolean;
}

const LINKS: readonly (readonly [string, string])[] = [
  ["/", "Overview"],
  ["/queues/queue/issues", "Queue"],
];

/** Return a whole page. */
export function layout({
  title,
  body,
  csrf = null,
  live = null,
  refresh = null,
  notice = null,
  links = true,
}: PageParts): Html {
  const again = refresh === null ? null : html`<meta http-equiv="refresh" content="${refresh}" />`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${live === null || again === null ? again : html`<noscript>${again}</noscript>`}
        <title>${title} · tac8</title>
        <link rel="icon" href="${ICON}" />
        <style>
          ${new Html(STYLE)}
        </style>
        ${live !== null && html`<script type="module" src="/assets/live.js"></script>`}
      </head>
      <body ${live !== null && html`data-live="${live}"`}>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <a class="brand" href="/">tac8</a>
          ${links && html`<nav aria-label="Pages">${LINKS.map(([to, text]) => html`<a href="${to}">${text}</a>`)}</nav>`}
          <span id="live" class="live" role="status" hidden></span>
        </header>
        <main id="main" tabindex="-1">
          ${notice !== null && html`<p class="message ${notice.good ? "good" : "bad"}" role="status">${notice.text}</p>`}
          ${body}
        </main>
        ${
          csrf !== null &&
          html`<form id="${ACTIONS}" method="post"><input type="hidden" name="csrf" value="${csrf}" /></form>`
        }
      </body>
    </html> `;
}
