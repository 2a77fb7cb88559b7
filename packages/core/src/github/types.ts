/** A repository by name, as a user writes it; GitHub ignores case in both. */
export interface Repo {
  owner: string;
  repo: string;
}

/** The last argument of every call: rejects with `signal.reason` when it is aborted. */
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
  /** Null where GitHub does not say. */
  commentCount: number | null;
  /** Login; `ghost` when the account is missing. */
  author: string;
  createdAt: string;
  updatedAt: string;
  /** The page for people. */
  url: string;
  /** GitHub's issues API returns pull requests too. */
  isPull: boolean;
}

export interface Comment {
  id: number;
  body: string;
  /** `type` is `User`, `Bot` or `Organization`. */
  author: { login: string; type: string };
  /** Of the author with the repository, for example `OWNER` or `NONE`; not every member is shown as one. */
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

/** What a reviewer says about a pull request as a whole. */
export interface Review {
  id: number;
  author: { login: string; type: string };
  body: string;
  /** `APPROVED`, `CHANGES_REQUESTED`, `COMMENTED`, `DISMISSED` or `PENDING`. */
  state: string;
  /** Empty while it is pending. */
  submittedAt: string;
}

/** What a reviewer says about a line. */
export interface ReviewComment {
  id: number;
  author: { login: string; type: string };
  body: string;
  path: string;
  /** As it was when the comment was made, where the line is missing; null: the comment is about the file. */
  line: number | null;
  /** The code that it is about has changed since. */
  outdated: boolean;
  diffHunk: string;
  createdAt: string;
  /** Id of its review. */
  review: number | null;
  isReply: boolean;
}

/** A user did something to an issue, such as putting a label on; ids rise with time. `at` is ISO 8601. */
export interface IssueEvent {
  id: number;
  actor: string;
  actorType: string;
  at: string;
}

export type Permission = "admin" | "write" | "read" | "none";

export type RepositoryAnswer =
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
  /** Deleted, or not to be seen by this token. */
  | { kind: "gone" };

export type IssueAnswer =
  | { kind: "found"; issue: Issue }
  /** 410: deleted; 404: deleted, or not to be seen by this token. */
  | { kind: "gone"; status: number }
  /** Transferred, or its repository was renamed; `to` is `owner/repo#number`. */
  | { kind: "moved"; to: string };

/** What GitHub last said about the primary rate limit. `resetAt` in epoch milliseconds. */
export interface RateLimit {
  limit: number;
  remaining: number;
  resetAt: number;
}

export interface Counters {
  /** Every HTTP request that was sent, retries included. */
  requests: number;
  /** How many of them were answered 304, which costs no rate limit. */
  notModified: number;
}
