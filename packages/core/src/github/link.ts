/**
 * Return the query (`?page=2&…`) of the `rel="next"` entry in a Link header; null: there is none. Only the query is used. Host and path stay
 * those of the request, so that no response can send the token elsewhere.
 */
export function nextQuery(link: string | undefined): string | null {
  for (const part of (link ?? "").split(/,\s*(?=<)/)) {
    const match = /^\s*<([^>]*)>\s*;(.*)$/.exec(part);
    if (match?.[1] === undefined || !/\brel="?next"?/.test(match[2] ?? "")) continue;
    return URL.canParse(match[1]) ? new URL(match[1]).search : null;
  }
  return null;
}
