import { siteOfApi } from "../config/apiAddress.ts";
import type { Repo } from "./types.ts";

/**
 * Where people read the repository: `https://github.com/o/r`; with data residency (`https://api.acme.ghe.com`)
 * `https://acme.ghe.com/o/r`; on a GitHub Enterprise server (`https://host/api/v3`) or a local one `<origin>/o/r`.
 */
export function webUrl(apiUrl: string, { owner, repo }: Repo): string {
  return `${siteUrl(apiUrl)}/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`;
}

/** GitHub's pages and git, which share an origin. Without credentials, whatever the API's address has. */
export function siteUrl(apiUrl: string): string {
  const url = new URL(apiUrl);
  const site = siteOfApi(url.hostname);
  return site === null ? url.origin : new URL(`https://${site}${url.port === "" ? "" : `:${url.port}`}`).origin;
}

/** Where GraphQL is asked: beside the REST API. */
export function graphqlBase(apiUrl: string): string {
  return apiUrl.replace(/\/+$/, "").replace(/\/api\/v3$/, "/api");
}

/** Where git clones the repository from. Carries no credentials. */
export function gitUrl(apiUrl: string, repo: Repo): string {
  return `${webUrl(apiUrl, repo)}.git`;
}

/** `o/r`, lower-cased: equal for names that GitHub takes for the same. */
export function repoKey({ owner, repo }: Repo): string {
  return `${owner}/${repo}`.toLowerCase();
}

/** Owner and name at the end of an API address such as `https://host/api/v3/repos/o/r`; null when it has none. */
export function repoOfApiUrl(url: string): Repo | null {
  const match = /\/repos\/([^/]+)\/([^/]+)\/?$/.exec(url);
  return match?.[1] === undefined || match[2] === undefined ? null : { owner: match[1], repo: match[2] };
}

/** A call's parameters for the repository, and nothing else that the object carries: Octokit would send it along. */
export function nameOf({ owner, repo }: Repo): Repo {
  return { owner, repo };
}
