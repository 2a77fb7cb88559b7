import type { Fault, FaultRequest } from "./faults.ts";
import type {
  Area,
  Comment,
  Issue,
  Level,
  PushEntry,
  RequestEntry,
  Review,
  ReviewState,
  ContentGuard,
  Ruleset,
} from "./model.ts";
import type { NewApp, Permissions } from "./apps.ts";
import type { CreateRepository } from "./repositories.ts";

export interface GitHubOptions {
  /** Folder of the bare git repositories; made when it is missing. */
  readonly dir: string;
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** Where people reach the pages. Default: where it listens. */
  readonly publicUrl?: string;
  /** Lets containers set faults by `POST /_sandbox/faults`. Default: no. */
  readonly control?: boolean;
}

/** `number` in `repo` (`owner/name`), done by the user with this login. */
export interface Action {
  readonly repo: string;
  readonly number: number;
  readonly actor: string;
}

/** An edit of an issue or comment. */
export interface Edit extends Omit<Action, "actor"> {
  readonly actor: string | null;
}

/** What a reviewer says. `actor` null: an account that was deleted since. */
export interface NewReview {
  readonly repo: string;
  readonly number: number;
  readonly actor: string | null;
  readonly state: ReviewState;
  readonly body?: string;
  readonly comments?: readonly {
    readonly path: string;
    readonly line: number;
    readonly body: string;
    readonly diffHunk?: string;
    readonly outdated?: boolean;
    readonly replyTo?: number;
  }[];
}

/** A pull request as a witness sees it. */
export interface PullSnapshot extends Readonly<Omit<Issue, "pull">>, Readonly<NonNullable<Issue["pull"]>> {}

/** A GitHub on this machine, for tests and the demo. Repositories are named `owner/name`, in any case. */
export interface LocalGitHub {
  /** Its origin: base of the REST API, of git and of the pages. */
  readonly url: string;
  readonly publicUrl: string;
  /** All answered or dropped API and git requests, the newest 100,000. */
  readonly requests: readonly RequestEntry[];
  /** One entry per updated ref. */
  readonly pushes: readonly PushEntry[];

  /** @returns the user's token; made up unless given. */
  addUser(options: { login: string; token?: string }): string;
  /** Another token of a user, which allows no more than `atMost`, and in an area of `areas` no more than is said there. */
  addToken(options: {
    login: string;
    token?: string;
    atMost?: Level;
    areas?: Readonly<Partial<Record<Area, Level>>>;
    /** An installation token: the login is the app's, such as `tac8[bot]`. */
    app?: boolean;
  }): string;
  revokeToken(token: string): void;
  /** Default permissions: those that tac8 needs. */
  createApp(options: NewApp): { readonly id: number; readonly slug: string; readonly privateKey: string };
  /** Installs the App with this id on repositories of one account. @returns the installation's id */
  installApp(options: { app: number; repos: readonly string[]; permissions?: Permissions }): number;
  /** Its tokens end, and it gets no new ones until `suspended` is false. */
  suspendApp(app: number, suspended: boolean): void;
  uninstallApp(app: number): void;
  /** The owner accepts other permissions in each installation. Tokens that were made before keep theirs. */
  permitApp(app: number, permissions: Permissions): void;
  /** How long an installation's tokens live that are made from now on. Default: an hour. */
  setAppTokenLife(ms: number): void;
  /** Puts this GitHub's clock ahead of the machine's, or behind it. */
  setClock(aheadMs: number): void;
  /** Every token that the account has, or has had. */
  tokensOf(login: string): readonly string[];
  createRepository(options: CreateRepository): Promise<{ readonly id: number; readonly repo: string }>;
  renameRepository(repo: string, name: string): void;
  archiveRepository(repo: string): void;
  /** The branch has only the new name then. */
  renameDefaultBranch(repo: string, name: string): Promise<void>;
  setPermission(repo: string, login: string, level: Level): void;
  /** Whether the repository's plan has draft pull requests; default: yes. */
  setDrafts(repo: string, supported: boolean): void;
  /** Rules for refs, kept to by pushes and shown by the API. Default: they apply to every ref and bind everybody. */
  addRuleset(repo: string, ruleset: Pick<Ruleset, "rules"> & Partial<Omit<Ruleset, "id">>): Promise<void>;
  clearRulesets(repo: string): Promise<void>;
  rulesets(repo: string): readonly Ruleset[];
  /** What pushed files must not contain; `{}`: anything goes. */
  guardContents(repo: string, guard: ContentGuard): Promise<void>;
  /** Issues keep the label under its new name, and their events the old name. */
  renameLabel(repo: string, from: string, to: string): void;
  /** Hide the issue's events so far, as GitHub does for old events or after an import. */
  forgetEvents(repo: string, number: number): void;

  /** The labels' events are the author's (default: the owner). */
  openIssue(options: {
    repo: string;
    title: string;
    body?: string | null;
    labels?: readonly string[];
    author?: string;
  }): Readonly<Issue>;
  addLabel(action: Action & { label: string }): void;
  removeLabel(action: Action & { label: string }): void;
  comment(action: Action & { body: string }): Readonly<Comment>;
  /** Changes what is given. `actor` null: an account that was deleted since. */
  editIssue(edit: Edit & { title?: string; body?: string }): void;
  editComment(edit: Edit & { id: number; body: string }): void;
  /** Deletes the text of a revision of the body, the oldest is 0, from the history. */
  deleteRevision(options: { repo: string; number: number; index: number }): void;
  /** Times from now on are so much later: GitHub's are to the second. */
  advanceClock(ms: number): void;
  closeIssue(action: Action & { reason?: string }): void;
  reopenIssue(action: Action): void;
  lockIssue(action: Action): void;
  deleteIssue(repo: string, number: number): void;
  /** @returns its new number. */
  transferIssue(action: Action & { to: string }): number;
  mergePull(action: Action): Promise<string>;
  closePull(action: Action): void;
  review(options: NewReview): Readonly<Review>;
  dismissReview(options: { repo: string; number: number; id: number }): void;
  /** Someone pushes a commit to a branch. Path → content; null deletes. @returns its sha. */
  commitTo(options: {
    repo: string;
    branch: string;
    files: Readonly<Record<string, string | null>>;
    message?: string;
    author: string;
  }): Promise<string>;

  /** Without pull requests. Snapshots are copies. */
  issues(repo: string): Readonly<Issue>[];
  issue(repo: string, number: number): Readonly<Issue>;
  pulls(repo: string): PullSnapshot[];
  comments(repo: string, number: number): Readonly<Comment>[];
  /** Whom the texts of this account have notified, by mentions in its issues, pull requests and comments. */
  mentionsBy(repo: string, author: string): string[];
  /** Branch → sha. */
  branches(repo: string): Record<string, string>;
  /** A file's text on a branch, or undefined. */
  file(repo: string, branch: string, path: string): Promise<string | undefined>;

  fault(request: FaultRequest): Fault;
  clearFaults(): void;
  /** Calls back after each answered or dropped API and git request. @returns how to stop that. */
  onRequest(listener: (entry: RequestEntry) => void): () => void;
  /**
   * Resolves with the first value that is neither false nor undefined; asked now and after each change or request.
   * @throws Error after `timeoutMs` (default 30 s).
   */
  waitFor<T>(
    predicate: (github: LocalGitHub) => T | Promise<T>,
    options?: { timeoutMs?: number; what?: string },
  ): Promise<Exclude<T, false | undefined | null>>;
  /** Ends connections and git processes, and waits for them. May be called again. */
  close(): Promise<void>;
}
