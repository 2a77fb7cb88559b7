/** Reference to an issue. Owner and repository are written as configured, and compared without case. */
export interface IssueRef {
  readonly owner: string;
  readonly repo: string;
  readonly number: number;
}

export interface RepoRef {
  readonly owner: string;
  readonly repo: string;
}

/** Return the job id of an issue: `<owner>.<repo>.<number>` in lower case. An owner contains no dot, so the id is unambiguous. */
export function jobIdOf(ref: IssueRef): string {
  return `${ref.owner}.${ref.repo}.${ref.number}`.toLowerCase();
}

/** Parse a job id; null: it is not a job id of tac8. Owner and repository are in lower case. */
export function parseJobId(id: string): IssueRef | null {
  const match = /^([^.]+)\.(.+)\.(\d{1,10})$/.exec(id);
  if (match === null) return null;
  const [, owner = "", repo = "", number = ""] = match;
  const ref = { owner, repo, number: Number(number) };
  return jobIdOf(ref) === id ? ref : null; // "007" would be a second job of one issue.
}

/** Return the issue of a job, with its repository written as configured; null: the id is not a job id of tac8. */
export function refOfJob(jobId: string, repositories: readonly RepoRef[]): IssueRef | null {
  const ref = parseJobId(jobId);
  if (ref === null) return null;
  const known = repositories.find((entry) => sameRepo(entry, ref));
  return known === undefined ? ref : { owner: known.owner, repo: known.repo, number: ref.number };
}

/** Return `owner/repo#471`. */
export function formatReference(ref: IssueRef): string {
  return `${ref.owner}/${ref.repo}#${ref.number}`;
}

export function sameRepo(a: RepoRef, b: RepoRef): boolean {
  return repoKey(a) === repoKey(b);
}

/** Return `owner/repo` in lower case, for comparisons and as a key. */
export function repoKey(ref: RepoRef): string {
  return `${ref.owner}/${ref.repo}`.toLowerCase();
}

/** The text is not a reference to an issue of any repository. */
export class NotAReference extends Error {
  override readonly name = "NotAReference";
}

/** Parse `owner/repo#471` or the URL of an issue or pull request; null: the text names no repository. */
export function parseFullReference(text: string): IssueRef | null {
  const trimmed = text.trim();
  const [, owner = "", repo = "", number = ""] =
    /^([\w-]+)\/([\w.-]+)#(\d{1,10})$/.exec(trimmed) ??
    /^https?:\/\/[^/]+\/([\w-]+)\/([\w.-]+)\/(?:issues|pull)\/(\d{1,10})\/?(?:[?#].*)?$/.exec(trimmed) ??
    [];
  return Number(number) > 0 ? { owner, repo, number: Number(number) } : null;
}

/**
 * Parse `owner/repo#471`, the URL of an issue or pull request, `gh-471`, `#471` or `471`.
 * @throws NotAReference, or Error if it is ambiguous or of no configured repository; each message is one line for the operator
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
