import { html } from "../pages/html.ts";

/**
 * Selectors of the elements whose actions are refused: the menus of a whole queue, and all buttons of jobs except retry and
 * promote. The class names are those of the pinned Bull Board version. If another version shows the elements again, their actions
 * are still refused.
 */
const HIDE = [
  'button[aria-haspopup="menu"]:has(.lucide-ellipsis-vertical)',
  '[class^="jobActions-"] li:not(:has(.lucide-refresh-cw, .lucide-corner-up-left))',
  '[class^="queueActions-"] li:not(:has(.lucide-refresh-cw))',
];

const REMOTE_LINK = /<link [^>]*href="https?:\/\/[^>]*>/g;

/** Adds the link from a job to the page of its issue. */
const SCRIPT = '<script type="module" src="/assets/queue.js"></script>';

/**
 * Adapt Bull Board's page: add the board's script and the token that its requests need, and remove links to other servers. If
 * `safe`, also hide the buttons whose actions are refused.
 */
export function adaptEntry(page: string, { safe, csrf }: { safe: boolean; csrf: string }): string {
  const style = safe ? `<style>${HIDE.join(", ")} { display: none }</style>` : "";
  const token = html`<meta name="csrf" content="${csrf}" />`.text;
  return page.replaceAll(REMOTE_LINK, "").replace("</head>", `${token}${SCRIPT}${style}</head>`);
}
