import { createHash } from "node:crypto";

/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

type Part = Html | string | number | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** A template whose values are escaped, unless they are HTML already. */
export function markup(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: strings.reduce((all, text, index) => all + show(values[index - 1] ?? "") + text) };
}

function show(part: Part): string {
  if (typeof part === "string" || typeof part === "number") return escapeHtml(String(part));
  return "html" in part ? part.html : part.map((one) => one.html).join("");
}

const STYLE = `
:root { color-scheme: light dark; --line: light-dark(#d5dae0, #343b45); --soft: light-dark(#f5f7f9, #171b21); --dim: light-dark(#5b6570, #98a2ae);
  --open: light-dark(#1a7f43, #46c17b); --done: light-dark(#7b4bc9, #b08cf0); --link: light-dark(#0b5cc4, #6ba8f5); }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #0f1216); color: light-dark(#1b2026, #e3e7ec); }
header { border-bottom: 1px solid var(--line); background: var(--soft); padding: 12px 20px; font-weight: 600; }
main, .act { max-width: 960px; margin: 0 auto; padding: 20px; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h1 { font-size: 22px; margin: 0 0 8px; overflow-wrap: anywhere; } h2 { font-size: 16px; margin: 28px 0 8px; }
.list { border: 1px solid var(--line); border-radius: 8px; list-style: none; margin: 0; padding: 0; }
.list li { padding: 10px 14px; border-top: 1px solid var(--line); overflow-wrap: anywhere; } .list li:first-child { border-top: 0; }
.dim { color: var(--dim); font-size: 13px; }
.label { display: inline-block; border: 1px solid var(--line); border-radius: 99px; padding: 0 9px; font-size: 12px; margin-left: 4px; background: var(--soft); }
.state { display: inline-block; border-radius: 99px; padding: 1px 10px; font-size: 13px; color: light-dark(#fff, #0f1216); background: var(--dim); }
.state.open { background: var(--open); } .state.merged { background: var(--done); }
.card { border: 1px solid var(--line); border-radius: 8px; margin: 12px 0; overflow: hidden; }
.card > .dim { background: var(--soft); padding: 6px 14px; border-bottom: 1px solid var(--line); }
.card > div:last-child { padding: 10px 14px; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { font: 13px/1.45 ui-monospace, monospace; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: 10px; overflow-x: auto; white-space: pre; margin: 6px 0; }
code { font-family: ui-monospace, monospace; font-size: 13px; background: var(--soft); padding: 0 4px; border-radius: 4px; }
.add { color: var(--open); } .del { color: light-dark(#b3261e, #f2938c); } .at { color: var(--done); }
textarea, input { width: 100%; font: inherit; padding: 8px; border: 1px solid var(--line); border-radius: 6px; background: transparent; color: inherit; }
input { width: 14em; } button { font: inherit; padding: 5px 14px; border: 1px solid var(--line); border-radius: 6px; background: var(--soft); color: inherit; cursor: pointer; }
summary { cursor: pointer; color: var(--dim); }
form { margin: 8px 0; } .row { display: flex; gap: 8px; flex-wrap: wrap; align-items: center; }
`;

/** Refreshes the page every two seconds, except a form in which a user types. */
const SCRIPT = `
setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["main", ".act"]) {
    const [before, after] = [document.querySelector(part), fresh.querySelector(part)];
    if (!before || !after || before.innerHTML === after.innerHTML) continue;
    if (before.contains(document.activeElement) || before.querySelector("textarea")?.value) continue;
    before.innerHTML = after.innerHTML;
  }
}, 2000);
`;

const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "content-security-policy": `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
};

/** @param rest stays as it is while `<main>` is refreshed. */
export function document(options: { title: string; trail: Html; main: Html; rest?: Html }): string {
  const { title, trail, main, rest = { html: "" } } = options;
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>${{ html: STYLE }}</style>
        <noscript><meta http-equiv="refresh" content="5" /></noscript>
      </head>
      <body>
        <header><a href="/">Local GitHub</a> ${trail}</header>
        <main>${main}</main>
        ${rest}
        <script>${{ html: SCRIPT }}</script>
      </body>
    </html>`.html;
}
