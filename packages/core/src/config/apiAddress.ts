/** Host of the pages where the API has a host of its own: at GitHub itself, and not on a server that another user runs. */
export function siteOfApi(hostname: string): string | null {
  const [, site = null] = /^api\.(github\.com|[^.]+\.ghe\.com)\.?$/.exec(hostname) ?? [];
  return site;
}

/**
 * Why this cannot be the address of GitHub's API; null: it may be. The address of the pages, which people copy from their
 * browser, answers with pages. Pure.
 */
export function whyNoApi(apiUrl: string): string | null {
  const { hostname, pathname } = new URL(apiUrl);
  const [, site] = /^(?:www\.)?(github\.com|[^.]+\.ghe\.com)\.?$/.exec(hostname) ?? [];
  if (site !== undefined) return `${hostname} is not an API host: use https://api.${site}`;
  if (siteOfApi(hostname) !== null && pathname.replace(/\/+$/, "") !== "") {
    return `the API URL of ${hostname} has no path: expected https://${hostname}`;
  }
  return null;
}
