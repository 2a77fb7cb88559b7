/** Which issue. Owner and repository as configured, their case kept; compared without it. */
export interface IssueRef {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

export interface RepoRef {
  readonly owner: string;
  readonly repo: string;
}

/** The job of an issue: `<owner>.<repo>.<number>`, lower-cased. An owner has no dot, so it splits without doubt. */
export function jobIdOf(ref: IssueRef): string {
  return `${ref.owner}.${ref.repo}.${ref.number}`.toLowerCase();
}

/** @returns null when it is no job id of ours. The case of owner and repository is lost in it. */
export function parseJobId(id: string): IssueRef | null {
  const match = /^([^.]+)\.(.+)\.(\d{1,10})$/.exec(id);
  if (match === null) return null;
  const [, owner = "", repo = "", number = ""] = match;
  const ref = { owner, repo, number: Number(number) };
  return jobIdOf(ref) === id ? ref : null; // "007" would be a second job of one issue.
}

/** The issue of a job, its repository written as it is configured; null when the id is none of ours. */
export function refOfJob(jobId: string, repositories: readonly RepoRef[]): IssueRef | null {
  const ref = parseJobId(jobId);
  if (ref === null) return null;
  const known = repositories.find((entry) => sameRepo(entry, ref));
  return known === undefined ? ref : { owner: known.owner, repo: known.repo, number: ref.number };
}

/** `owner/repo#471`. */
export function formatReference(ref: IssueRef): string {
  return `${ref.owner}/${ref.repo}#${ref.number}`;
}

export function sameRepo(a: RepoRef, b: RepoRef): boolean {
  return repoKey(a) === repoKey(b);
}

/** `owner/repo`, lower-cased: for comparing and as a key. */
export function repoKey(ref: RepoRef): string {
  return `${ref.owner}/${ref.repo}`.toLowerCase();
}

/** The text cannot name an issue, in whatever repository. */
export class NotAReference extends Error {
  override readonly name = "NotAReference";
}

/** Read `owner/repo#471` or an issue's or pull request's address; null: the text names no repository. */
export function parseFullReference(text: string): IssueRef | null {
  const trimmed = text.trim();
  const [, owner = "", repo = "", number = ""] =
    /^([\w-]+)\/([\w.-]+)#(\d{1,10})$/.exec(trimmed) ??
    /^https?:\/\/[^/]+\/([\w-]+)\/([\w.-]+)\/(?:issues|pull)\/(\d{1,10})\/?(?:[?#].*)?$/.exec(trimmed) ??
    [];
  return Number(number) > 0 ? { owner, repo, number: Number(number) } : null;
}

/**
 * Reads `owner/repo#471`, a GitHub issue's or pull request's address, `gh-471`, `#471` or `471`.
 * @throws NotAReference, or Error where it is ambiguous or of no configured repository; each has one line for people.
 */
export function parseReference(text: string, repositories: readonly RepoRef[]): IssueRef {
  const trimmed = text.trim();
  const full = parseFullReference(trimmed);
  if (full !== null) {
    const known = repositories.find((entry) => sameRepo(entry, full));
    if (known === undefined)
      throw new Error(`${full.owner}/${full.repo} is not a configured repository (${names(repositories)})`);
    return { owner: known.owner, repo: known.repo, number: full.number };
  }
  const short = /^(?:gh-|#)?(\d{1,10})$/i.exec(trimmed);
  if (short === null || Number(short[1]) === 0) {
    throw new NotAReference(`"${trimmed.slice(0, 80)}" is not an issue: expected 471 or owner/repo#471`);
  }
  const [only, ...more] = repositories;
  if (only === undefined || more.length > 0) {
    throw new Error(`${trimmed} matches several repositories (${names(repositories)}): write owner/repo#${short[1]}`);
  }
  return { owner: only.owner, repo: only.repo, number: Number(short[1]) };
}

function names(repositories: readonly RepoRef[]): string {
  return repositories.map(({ owner, repo }) => `${owner}/${repo}`).join(", ");
}
