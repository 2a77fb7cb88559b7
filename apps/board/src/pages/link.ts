import { html, type Part } from "./html.ts";

/** Whether a value is an address that may be a link in a page. Addresses such as `javascript:` may not. */
export function isWebUrl(value: unknown): value is string {
  return typeof value === "string" && /^https?:\/\//i.test(value) && URL.canParse(value);
}

const ADDRESS = /(https?:\/\/[^\s/]+\/[^\s/]+\/[^\s/]+\/(?:issues|pull)\/\d+)/i;

/**
 * Return a text in which the addresses of a repository's issues and pull requests are links. Other addresses stay text, because
 * strangers may have written them. `repository`: its web address.
 */
export function linked(text: string, repository: string): Part {
  const ours = `${repository}/`.toLowerCase();
  return text
    .split(ADDRESS)
    .map((part) =>
      ADDRESS.test(part) && part.toLowerCase().startsWith(ours) ? html`<a href="${part}">${part}</a>` : part,
    );
}
