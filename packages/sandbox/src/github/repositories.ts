import { open } from "node:fs/promises";
import { join } from "node:path";
import { invalid } from "./answer.ts";
import { closeIssue } from "./issues.ts";
import { commitFiles, createBare, readRefs, ZERO, type CommitRequest } from "./git-work.ts";
import { writePushRules } from "./push-rules.ts";
import type { Repository } from "./model.ts";
import { branchSha, fullName, type Store } from "./store.ts";

const FIRST_COMMIT_AT = Date.UTC(2026, 0, 1);

export interface CreateRepository {
  readonly owner: string;
  readonly name: string;
  /** Path → content of the first commit. Default: a README. */
  readonly files?: Readonly<Record<string, string>>;
  readonly defaultBranch?: string;
  readonly private?: boolean;
  /** Whether git fetches without a token, as from GitHub's public repositories. Default: no, so that tests see the token. */
  readonly openToGit?: boolean;
}

export async function createRepository(store: Store, options: CreateRepository): Promise<Repository> {
  const { name, files, defaultBranch = "main" } = options;
  const owner = store.user(options.owner).login;
  if (store.find(`${owner}/${name}`) !== undefined) {
    throw invalid({
      resource: "Repository",
      code: "custom",
      field: "name",
      message: "name already exists on this account",
    });
  }
  const dir = join(store.dir, owner, `${name}.git`);
  const now = Date.now();
  const repository: Repository = {
    id: store.id(),
    owner,
    name,
    private: options.private ?? false,
    openToGit: options.openToGit ?? false,
    archived: false,
    defaultBranch,
    dir,
    createdAt: now,
    pushedAt: now,
    labels: new Map(),
    issues: new Map(),
    permissions: new Map(),
    refs: new Map(),
    pushLogRead: 0,
    drafts: true,
    rulesets: [],
    contentGuard: {},
  };
  await createBare({ git: store.git, dir, branch: defaultBranch });
  const first = { branch: defaultBranch, files: files ?? { "README.md": `# ${name}\n` }, message: "First commit\n" };
  // The same files make the same commit at each start, so that clones of the demo's repository outlive its server.
  await commitFiles({ git: store.git, dir, author: owner, at: FIRST_COMMIT_AT, ...first });
  repository.refs = await readRefs(store.git, dir);
  await writePushRules(repository);
  store.repositories.set(fullName(repository).toLowerCase(), repository);
  store.changed();
  return repository;
}

/** Push one commit as a user to a branch. A new branch starts at the default branch. */
export async function commitTo(options: CommitTo): Promise<string> {
  return options.store.serial(options.repository, () => commitNow(options));
}

interface CommitTo extends Pick<CommitRequest, "branch" | "files" | "message" | "author"> {
  readonly store: Store;
  readonly repository: Repository;
}

async function commitNow(options: CommitTo): Promise<string> {
  const { store, repository, branch, files, message, author } = options;
  const before = branchSha(repository, branch) ?? ZERO;
  const from = branchSha(repository, branch) ?? branchSha(repository, repository.defaultBranch);
  await commitFiles({ git: store.git, dir: repository.dir, branch, from, files, message, author, at: Date.now() });
  repository.refs = await readRefs(store.git, repository.dir);
  const after = branchSha(repository, branch) ?? ZERO;
  const repo = fullName(repository);
  store.logPush({ at: Date.now(), repo, ref: `refs/heads/${branch}`, before, after, login: author, forced: false });
  await followPulls(store, repository);
  store.changed();
  return after;
}

/** The branch has only the new name then. */
export async function renameDefaultBranch(options: {
  store: Store;
  repository: Repository;
  name: string;
}): Promise<void> {
  const { store, repository, name } = options;
  await store.serial(repository, async () => {
    await store.git.run({ dir: repository.dir, args: ["branch", "--move", repository.defaultBranch, name] });
    repository.refs = await readRefs(store.git, repository.dir);
    repository.defaultBranch = name;
    store.changed();
  });
}

/** Moves a ref of ours; with a login it counts as that user's push. */
export async function updateRef(options: {
  store: Store;
  repository: Repository;
  ref: string;
  sha: string;
  before?: string;
  login?: string;
}): Promise<void> {
  const { store, repository, ref, sha, before, login } = options;
  const expected = before === undefined ? [] : [before];
  await store.git.run({ dir: repository.dir, args: ["update-ref", ref, sha, ...expected] });
  repository.refs.set(ref, sha);
  if (login !== undefined) {
    const entry = { at: Date.now(), repo: fullName(repository), ref, after: sha, login, forced: false };
    store.logPush({ ...entry, before: before ?? ZERO });
  }
}

/** Handle the pushes in the hook's log: record their accounts, and update the pull requests. */
export async function afterPush(store: Store, repository: Repository): Promise<void> {
  await store.serial(repository, () => readPushes(store, repository));
}

async function readPushes(store: Store, repository: Repository): Promise<void> {
  const lines = await newPushLines(repository);
  for (const line of lines) {
    const [before = ZERO, after = ZERO, ref = "", login = ""] = line.split(" ");
    const forced = before !== ZERO && after !== ZERO && !(await isAncestor({ store, repository, before, after }));
    store.logPush({ at: Date.now(), repo: fullName(repository), ref, before, after, login, forced });
  }
  repository.refs = await readRefs(store.git, repository.dir);
  if (lines.length > 0) repository.pushedAt = Date.now();
  await followPulls(store, repository);
  store.changed();
}

async function newPushLines(repository: Repository): Promise<string[]> {
  const file = await open(join(repository.dir, "pushes.log"), "a+");
  try {
    const { size } = await file.stat();
    const start = repository.pushLogRead;
    if (size <= start) return [];
    repository.pushLogRead = size;
    const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString().split("\n").filter(Boolean);
  } finally {
    await file.close();
  }
}

async function isAncestor(options: {
  store: Store;
  repository: Repository;
  before: string;
  after: string;
}): Promise<boolean> {
  const { store, repository, before, after } = options;
  const args = ["merge-base", "--is-ancestor", before, after];
  const { code } = await store.git.run({ dir: repository.dir, args, codes: [0, 1, 128] });
  return code === 0;
}

/** Open pull requests follow their branch; one whose branch is missing is closed. */
async function followPulls(store: Store, repository: Repository): Promise<void> {
  for (const issue of repository.issues.values()) {
    const { pull, number } = issue;
    if (pull === undefined || issue.state !== "open") continue;
    const head = branchSha(repository, pull.head);
    if (head === undefined) {
      closeIssue({ store, issue, actor: issue.author });
    } else if (head !== pull.headSha) {
      pull.headSha = head;
      issue.updatedAt = Date.now();
      await updateRef({ store, repository, ref: `refs/pull/${number}/head`, sha: head });
    }
    pull.baseSha = branchSha(repository, pull.base) ?? pull.baseSha;
  }
}
