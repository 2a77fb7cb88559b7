/** A repository by name, as a user writes it; GitHub ignores case in both. */
export interface Repo {
  owner: string;
  repo: string;
}

/** Last argument of every call. The call rejects with `signal.reason` when the signal is aborted. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** Times are ISO 8601 in UTC, to the second. */
export interface Issue {
  number: number;
  title: string;
  /** Empty when the issue has none. */
  body: string;
  state: "open" | "closed";
  /** Why it was closed, for example `completed` or `not_planned`. */
  stateReason: string | null;
  labels: string[];
  locked: boolean;
  /** Null: GitHub does not report it. */
  commentCount: number | null;
  /** Login; `ghost` when the account is missing. */
  author: string;
  createdAt: string;
  updatedAt: string;
  /** URL of the page. */
  url: string;
  /** GitHub's issues API returns pull requests too. */
  isPull: boolean;
}

export interface Comment {
  id: number;
  body: string;
  /** `type` is `User`, `Bot` or `Organization`. */
  author: { login: string; type: string };
  /** Association of the author with the repository, for example `OWNER` or `NONE`. It does not show every member as one. */
  association: string;
  createdAt: string;
  updatedAt: string;
  issueNumber: number;
  url: string;
}

export interface Pull {
  number: number;
  url: string;
  state: "open" | "closed";
  merged: boolean;
  headRef: string;
  headSha: string;
  baseRef: string;
  body: string;
  draft: boolean;
}

/** A review of a pull request. */
export interface Review {
  id: number;
  author: { login: string; type: string };
  body: string;
  /** `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED` or `PENDING`. */
  state: string;
  /** Empty while it is pending. */
  submittedAt: string;
}

/** A reviewer's comment on a line. */
export interface ReviewComment {
  id: number;
  author: { login: string; type: string };
  body: string;
  path: string;
  /** The line; if it does not exist any more, its number when the comment was written. Null: the comment is about the file. */
  line: number | null;
  /** Whether the code has changed since. */
  outdated: boolean;
  diffHunk: string;
  createdAt: string;
  /** Id of the comment's review. */
  review: number | null;
  isReply: boolean;
}

/** An event of an issue, such as an added label. Ids increase with time. `at` is ISO 8601. */
export interface IssueEvent {
  id: number;
  actor: string;
  actorType: string;
  at: string;
}

export type Permission = "admin" | "write" | "read" | "none";

export type RepositoryResult =
  | {
      kind: "found";
      id: number;
      /** Owner and name as GitHub writes them. */
      owner: string;
      repo: string;
      defaultBranch: string;
      canPush: boolean;
      archived: boolean;
      private: boolean;
    }
  /** Renamed or transferred; `to` is `owner/name`. */
  | { kind: "moved"; to: string }
  /** Deleted, or not visible to this token. */
  | { kind: "missing" };

export type IssueResult =
  | { kind: "found"; issue: Issue }
  /** 410: deleted; 404: deleted, or not visible to this token. */
  | { kind: "missing"; status: number }
  /** Transferred, or its repository was renamed; `to` is `owner/repo#number`. */
  | { kind: "moved"; to: string };

/** State of the primary rate limit in GitHub's latest response. `resetAt` in epoch milliseconds. */
export interface RateLimit {
  limit: number;
  remaining: number;
  resetAt: number;
}

export interface Counters {
  /** Every HTTP request that was sent, retries included. */
  requests: number;
  /** Number of responses with 304, which do not count for the rate limit. */
  notModified: number;
}
