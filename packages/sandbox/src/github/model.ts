/** State of the local GitHub. Times are milliseconds since the epoch, and users are identified by login. */
export type Level = "admin" | "write" | "read" | "none";

export interface User {
  readonly id: number;
  readonly login: string;
  readonly createdAt: number;
}

/** Permissions of a fine-grained token that can be left out one by one. */
export type Area = "contents" | "issues" | "pulls";

export interface Token {
  readonly login: string;
  /** The most that this token may do, whatever its owner may: a fine-grained token. */
  readonly atMost: Level;
  /** What it may do less in one area. GitHub's answer about the repository does not show it: a refused write does. */
  readonly areas: Readonly<Partial<Record<Area, Level>>>;
  /** An installation token of a GitHub App: it is no user's, and a repository's answer shows it no permissions. */
  readonly app: boolean;
  /** Ids of the repositories that an installation's token reaches; null: those of its account. */
  readonly reach: ReadonlySet<number> | null;
  /** Of an installation's token; null: it has no end. */
  readonly expiresAt: number | null;
  /** Id of its installation; null: it is of none. */
  readonly installation: number | null;
  /** Whether an installation's token may push changes below `.github/workflows`; others may, see `ContentGuard`. */
  readonly workflows?: boolean;
}

/** A rule as GitHub's API shows it, such as `{type: "creation"}`. */
export interface Rule {
  readonly type: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface Ruleset {
  readonly id: number;
  readonly name: string;
  /** Patterns such as `refs/heads/users/**`, or `~ALL`. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly rules: readonly Rule[];
  /** Logins that the rules do not bind. */
  readonly bypass: readonly string[];
}

/** What GitHub looks for in the files of a push. */
export interface ContentGuard {
  /** Extended regular expression of a secret. */
  readonly secret?: string;
  readonly maxFileBytes?: number;
  /** Refuse changes below `.github/workflows`, as for a token without that permission. */
  readonly workflows?: boolean;
}

export interface Label {
  readonly id: number;
  name: string;
  color: string;
  description: string | null;
}

/** A revision of a text. The first edit makes two: the text as it was written, and the new one. */
export interface ContentEdit {
  readonly at: number;
  /** Null: the account was deleted. */
  readonly editor: string | null;
  readonly text: string;
  /** When the text was deleted from the history. */
  deletedAt: number | null;
}

export interface Comment {
  readonly id: number;
  readonly author: string;
  body: string;
  readonly createdAt: number;
  updatedAt: number;
  /** Oldest first; empty: never edited. */
  readonly edits: ContentEdit[];
}

export interface IssueEvent {
  /** Rises across the whole server. */
  readonly id: number;
  readonly event: string;
  readonly actor: string;
  readonly at: number;
  readonly label?: string;
  readonly rename?: { readonly from: string; readonly to: string };
  /** The commit that closed or merged. */
  readonly commit?: string;
}

export type ReviewState = "APPROVED" | "CHANGES_REQUESTED" | "COMMENTED" | "DISMISSED" | "PENDING";

/** `author` null: the account was deleted. */
export interface Review {
  readonly id: number;
  readonly author: string | null;
  readonly body: string;
  state: ReviewState;
  readonly at: number;
  /** The head that was reviewed. */
  readonly commit: string;
}

/** A comment on a line. */
export interface ReviewComment {
  readonly id: number;
  readonly review: number;
  readonly author: string | null;
  readonly body: string;
  readonly path: string;
  readonly line: number;
  /** The line is not there any more. */
  readonly outdated: boolean;
  readonly diffHunk: string;
  readonly at: number;
  readonly commit: string;
  readonly replyTo: number | null;
}

export interface Pull {
  readonly head: string;
  base: string;
  headSha: string;
  baseSha: string;
  readonly draft: boolean;
  merged: boolean;
  mergedAt: number | null;
  mergedBy: string | null;
  mergeSha: string | null;
  readonly reviews: Review[];
  readonly reviewComments: ReviewComment[];
}

/** An issue, or a pull request when `pull` is there: GitHub numbers and lists them together. */
export interface Issue {
  readonly id: number;
  readonly number: number;
  readonly author: string;
  title: string;
  body: string | null;
  /** Of the body, oldest first; empty: never edited. */
  readonly edits: ContentEdit[];
  /** As the repository writes them. */
  labels: string[];
  state: "open" | "closed";
  stateReason: string | null;
  locked: boolean;
  readonly createdAt: number;
  updatedAt: number;
  closedAt: number | null;
  closedBy: string | null;
  comments: Comment[];
  events: IssueEvent[];
  readonly pull?: Pull;
  deleted: boolean;
  movedTo: { readonly repository: string; readonly number: number } | null;
}

export interface Repository {
  readonly id: number;
  readonly owner: string;
  name: string;
  readonly private: boolean;
  /** Whether git fetches without a token, as from GitHub's public repositories. */
  readonly openToGit: boolean;
  archived: boolean;
  defaultBranch: string;
  /** The bare git repository. */
  readonly dir: string;
  readonly createdAt: number;
  pushedAt: number;
  /** By lower-case name. */
  readonly labels: Map<string, Label>;
  readonly issues: Map<number, Issue>;
  /** By lower-case login. */
  readonly permissions: Map<string, Level>;
  /** Full ref name → sha, read from git after every push. */
  refs: Map<string, string>;
  /** Bytes of the hook's push log that were read already. */
  pushLogRead: number;
  /** Whether its plan has draft pull requests. */
  drafts: boolean;
  rulesets: Ruleset[];
  contentGuard: ContentGuard;
}

export interface RequestEntry {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** 0: the connection was dropped before an answer. */
  readonly status: number;
  readonly login: string | null;
  readonly notModified: boolean;
}

export interface PushEntry {
  readonly at: number;
  /** `owner/name`. */
  readonly repo: string;
  readonly ref: string;
  /** Forty zeros: the ref was not there. */
  readonly before: string;
  /** Forty zeros: the ref was deleted. */
  readonly after: string;
  readonly login: string;
  readonly forced: boolean;
}
