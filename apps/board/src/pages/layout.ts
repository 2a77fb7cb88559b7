import { html, Html } from "./html.ts";
import { STYLE } from "./style.ts";

const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='9' fill='%234f46e5'/%3E%3Cpath d='M9 17l5 5 9-12' fill='none' stroke='%23fff' stroke-width='4' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E";

/** A whole page. `refresh`: seconds until the browser asks again; null for never. */
export function layout({ title, body, refresh }: { title: string; body: Html; refresh: number | null }): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        ${refresh !== null && html`<meta http-equiv="refresh" content="${refresh}" />`}
        <title>${title} · tac8</title>
        <link rel="icon" href="${ICON}" />
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        ${body}
      </body>
    </html> `;
}
