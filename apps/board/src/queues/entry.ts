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

/** Bull Board's page without links to other servers and, when `safe`, without the buttons that would be refused. */
export function adaptEntry(page: string, { safe }: { safe: boolean }): string {
  const local = page.replaceAll(REMOTE_LINK, "");
  return safe ? local.replace("</head>", `<style>${HIDE.join(", ")} { display: none }</style></head>`) : local;
}
