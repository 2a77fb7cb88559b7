import { siteOfApi } from "../config/apiAddress.ts";
import type { Repo } from "./types.ts";

/**
 * Return the URL of the repository's page: `https://github.com/o/r`; with data residency (`https://api.acme.ghe.com`)
 * `https://acme.ghe.com/o/r`; on a GitHub Enterprise server (`https://host/api/v3`) or a local one `<origin>/o/r`.
 */
export function webUrl(apiUrl: string, { owner, repo }: Repo): string {
  return `${siteUrl(apiUrl)}/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`;
}

/** Return the origin of GitHub's pages and of git, without the credentials that the API's URL may contain. */
export function siteUrl(apiUrl: string): string {
  const url = new URL(apiUrl);
  const site = siteOfApi(url.hostname);
  return site === null ? url.origin : new URL(`https://${site}${url.port === "" ? "" : `:${url.port}`}`).origin;
}

/** Return the base URL of GraphQL, which is beside the REST API. */
export function graphqlBase(apiUrl: string): string {
  return apiUrl.replace(/\/+$/, "").replace(/\/api\/v3$/, "/api");
}

/** Return the URL from which git clones the repository, without credentials. */
export function gitUrl(apiUrl: string, repo: Repo): string {
  return `${webUrl(apiUrl, repo)}.git`;
}

/** Return `o/r` in lower case: equal for names that are the same for GitHub. */
export function repoKey({ owner, repo }: Repo): string {
  return `${owner}/${repo}`.toLowerCase();
}

/** Return the owner and name at the end of an API URL such as `https://host/api/v3/repos/o/r`; null: there are none. */
export function repoOfApiUrl(url: string): Repo | null {
  const match = /\/repos\/([^/]+)\/([^/]+)\/?$/.exec(url);
  return match?.[1] === undefined || match[2] === undefined ? null : { owner: match[1], repo: match[2] };
}

/** Return only the owner and name of an object, for the parameters of a call: Octokit would send further fields too. */
export function nameOf({ owner, repo }: Repo): Repo {
  return { owner, repo };
}
