import { html, type Part } from "./html.ts";

/** A link that may stand in a page: `javascript:` and its kin do not. */
export function isWebUrl(value: unknown): value is string {
  return typeof value === "string" && /^https?:\/\//i.test(value) && URL.canParse(value);
}

const ADDRESS = /(https?:\/\/[^\s/]+\/[^\s/]+\/[^\s/]+\/(?:issues|pull)\/\d+)/i;

/** A text with the addresses of a repository's issues and pull requests as links; others in it may be a stranger's. `repository`: its web address. */
export function linked(text: string, repository: string): Part {
  const ours = `${repository}/`.toLowerCase();
  return text
    .split(ADDRESS)
    .map((part) =>
      ADDRESS.test(part) && part.toLowerCase().startsWith(ours) ? html`<a href="${part}">${part}</a>` : part,
    );
}
