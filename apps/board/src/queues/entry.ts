import { html } from "../pages/html.ts";

/**
 * Hides what would be refused anyway: the menus of a whole queue, and all buttons of jobs but retry and promote. By class
 * names of the pinned Bull Board version; with another one they may show again, and are refused as before.
 */
const HIDE = [
  'button[aria-haspopup="menu"]:has(.lucide-ellipsis-vertical)',
  '[class^="jobActions-"] li:not(:has(.lucide-refresh-cw, .lucide-corner-up-left))',
  '[class^="queueActions-"] li:not(:has(.lucide-refresh-cw))',
];

const REMOTE_LINK = /<link [^>]*href="https?:\/\/[^>]*>/g;

/** The way from a job to our page about its issue. */
const SCRIPT = '<script type="module" src="/assets/queue.js"></script>';

/** Bull Board's page with our script, the token that its requests need, without links to other servers and, when `safe`, without buttons that would be refused. */
export function adaptEntry(page: string, { safe, csrf }: { safe: boolean; csrf: string }): string {
  const style = safe ? `<style>${HIDE.join(", ")} { display: none }</style>` : "";
  const token = html`<meta name="csrf" content="${csrf}" />`.text;
  return page.replaceAll(REMOTE_LINK, "").replace("</head>", `${token}${SCRIPT}${style}</head>`);
}
