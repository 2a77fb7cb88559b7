/** Return the host of GitHub's pages for an API host of github.com or ghe.com; null: another server, where API and pages share a host. */
export function siteOfApi(hostname: string): string | null {
  const [, site = null] = /^api\.(github\.com|[^.]+\.ghe\.com)\.?$/.exec(hostname) ?? [];
  return site;
}

/**
 * Return why a URL cannot be the URL of GitHub's API; null: it may be. It recognizes the URL of the web pages, which users may copy from
 * their browser. Pure.
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
