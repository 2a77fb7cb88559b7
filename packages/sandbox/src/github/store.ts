import { EventEmitter } from "node:events";
import type { App, PendingApp } from "./apps.ts";
import { Git } from "./git.ts";
import type { Label, Level, PushEntry, Repository, RequestEntry, Token, User } from "./model.ts";

const MOST_ENTRIES = 100_000;
const RANK: Readonly<Record<Level, number>> = { none: 0, read: 1, write: 2, admin: 3 };

/** State of one local GitHub, with searches and ids. The actions of users are in `issues.ts`, `pulls.ts` and `repositories.ts`. */
export class Store {
  readonly dir: string;
  readonly git = new Git();
  readonly users = new Map<string, User>();
  readonly tokens = new Map<string, Token>();
  readonly repositories = new Map<string, Repository>();
  readonly apps = new Map<number, App>();
  /** By the code that the manifest's page has given. */
  readonly pendingApps = new Map<string, PendingApp>();
  /** How long a token of an installation lives. */
  appTokenLifeMs = 60 * 60_000;
  /** By how much this GitHub's clock is ahead of the machine's. */
  clockAheadMs = 0;
  /** Lower-case old full name → the repository that had it. */
  readonly renamed = new Map<string, Repository>();
  readonly requests: RequestEntry[] = [];
  readonly pushes: PushEntry[] = [];
  /** `changed`: something may be different now. `request`: one more entry in the log. */
  readonly events = new EventEmitter<{ changed: []; request: [RequestEntry] }>();
  readonly #queues = new WeakMap<Repository, Promise<void>>();
  #id = 1_000_000;

  constructor(dir: string) {
    this.dir = dir;
    this.events.setMaxListeners(0);
  }

  /** Return a token that is valid now. */
  token(secret: string): Token | undefined {
    const token = this.tokens.get(secret);
    return token === undefined || (token.expiresAt ?? Infinity) > this.now() ? token : undefined;
  }

  id(): number {
    this.#id += 1;
    return this.#id;
  }

  /** Epoch milliseconds, by the clock of this GitHub. */
  now(): number {
    return Date.now() + this.clockAheadMs;
  }

  advanceClock(ms: number): void {
    this.clockAheadMs += ms;
  }

  changed(): void {
    this.events.emit("changed");
  }

  logRequest(entry: RequestEntry): void {
    push(this.requests, entry);
    this.events.emit("request", entry);
    this.changed();
  }

  logPush(entry: PushEntry): void {
    push(this.pushes, entry);
  }

  /** Return a user. @throws Error for an unknown login */
  user(login: string): User {
    const user = this.users.get(login.toLowerCase());
    if (user === undefined) throw new Error(`the local GitHub has no user ${login}: add it with addUser`);
    return user;
  }

  find(fullName: string): Repository | undefined {
    return this.repositories.get(fullName.toLowerCase());
  }

  /** @throws Error when there is no such repository. */
  repository(fullName: string): Repository {
    const repository = this.find(fullName);
    if (repository === undefined) throw new Error(`the local GitHub has no repository ${fullName}`);
    return repository;
  }

  level(repository: Repository, login: string): Level {
    if (repository.owner.toLowerCase() === login.toLowerCase()) return "admin";
    return repository.permissions.get(login.toLowerCase()) ?? (repository.private ? "none" : "read");
  }

  /** What a token may do in a repository, as far as its areas do not say otherwise. */
  levelOf(repository: Repository, { login, atMost, reach }: Token): Level {
    const own = reach === null ? this.level(repository, login) : reach.has(repository.id) ? "write" : null;
    return lesser(own ?? (repository.private ? "none" : "read"), atMost);
  }

  /** One at a time per repository: what moves refs must see what the one before it did. */
  async serial<T>(repository: Repository, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(repository) ?? Promise.resolve();
    const mine = before.then(work);
    this.#queues.set(
      repository,
      mine.then(
        () => undefined,
        () => undefined,
      ),
    );
    return mine;
  }

  /** The label as the repository writes it; made when it is missing, as GitHub does. */
  label(repository: Repository, name: string): Label {
    const known = repository.labels.get(name.toLowerCase());
    if (known !== undefined) return known;
    const label: Label = { id: this.id(), name, color: "ededed", description: null };
    repository.labels.set(name.toLowerCase(), label);
    return label;
  }
}

export const fullName = (repository: Repository): string => `${repository.owner}/${repository.name}`;

export const atLeast = (level: Level, wanted: Level): boolean => RANK[level] >= RANK[wanted];

export const lesser = (a: Level, b: Level): Level => (RANK[a] < RANK[b] ? a : b);

export const branchSha = (repository: Repository, branch: string): string | undefined =>
  repository.refs.get(`refs/heads/${branch}`);

function push<T>(log: T[], entry: T): void {
  log.push(entry);
  if (log.length > MOST_ENTRIES) log.shift();
}
