import type { Repo } from "./types.ts";

/**
 * Where people look at the repository: `https://github.com/o/r`, and on a GitHub Enterprise server
 * (`https://host/api/v3`) or a local one `<origin>/o/r`.
 */
export function webUrl(apiUrl: string, { owner, repo }: Repo): string {
  const { origin } = new URL(apiUrl);
  const base = origin === "https://api.github.com" ? "https://github.com" : origin;
  return `${base}/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`;
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
