import { ApiError, invalid } from "./answer.ts";
import { commitTree, compare, mergedTree } from "./git-work.ts";
import { closeIssue, openIssue, record } from "./issues.ts";
import type { Issue, Pull, Repository } from "./model.ts";
import { updateRef } from "./repositories.ts";
import { branchSha, fullName, type Store } from "./store.ts";
import { fixedNumbers } from "./words.ts";

export interface OpenPull {
  readonly store: Store;
  readonly repository: Repository;
  readonly title: string;
  readonly body: string | null;
  readonly author: string;
  /** `branch` or `owner:branch`. */
  readonly head: string;
  readonly base: string;
  readonly draft: boolean;
}

/** @throws ApiError 422 for a branch that is not there, a second PR of a branch, and nothing to merge. */
export async function openPull(options: OpenPull): Promise<Issue> {
  return options.store.serial(options.repository, () => openPullNow(options));
}

async function openPullNow({ store, repository, head, base, draft, ...rest }: OpenPull): Promise<Issue> {
  const [owner, branch] = head.includes(":") ? head.split(":", 2) : [repository.owner, head];
  const wrong = (field: string) => invalid({ resource: "PullRequest", field, code: "invalid" });
  if (owner?.toLowerCase() !== repository.owner.toLowerCase() || branch === undefined) throw wrong("head");
  const headSha = branchSha(repository, branch);
  const baseSha = branchSha(repository, base);
  if (headSha === undefined) throw wrong("head");
  if (baseSha === undefined) throw wrong("base");
  const custom = (message: string) => invalid({ resource: "PullRequest", code: "custom", message });
  if (openPullOf(repository, branch, base) !== undefined) {
    throw custom(`A pull request already exists for ${repository.owner}:${branch}.`);
  }
  if (draft && !repository.drafts) {
    throw new ApiError(422, "Draft pull requests are not supported in this repository.");
  }
  const { commits } = await compare({ git: store.git, dir: repository.dir, base: baseSha, head: headSha });
  if (commits === 0) throw custom(`No commits between ${base} and ${branch}`);
  const pull: Pull = {
    head: branch,
    base,
    headSha,
    baseSha,
    draft,
    merged: false,
    mergedAt: null,
    mergedBy: null,
    mergeSha: null,
    reviews: [],
    reviewComments: [],
  };
  const issue = openIssue({ store, repository, pull, ...rest });
  await updateRef({ store, repository, ref: `refs/pull/${issue.number}/head`, sha: headSha });
  return issue;
}

export function openPullOf(repository: Repository, head: string, base: string): Issue | undefined {
  return [...repository.issues.values()].find(
    ({ state, pull }) => state === "open" && pull?.head === head && pull.base === base,
  );
}

export type MergeMethod = "merge" | "squash" | "rebase";

export interface MergePull {
  readonly store: Store;
  readonly repository: Repository;
  readonly issue: Issue;
  readonly actor: string;
  readonly method?: MergeMethod;
  /** The head's sha that the caller saw. */
  readonly expected?: string;
}

/**
 * Merges in the bare repository and closes what the body, or a message of a commit that is merged, says it fixes.
 * @throws ApiError 405 when it is closed or conflicts, 409 when the head is not the one expected.
 */
export async function mergePull(options: MergePull): Promise<string> {
  return options.store.serial(options.repository, () => mergePullNow(options));
}

async function mergePullNow(options: MergePull): Promise<string> {
  const { store, repository, issue, actor, method = "merge", expected } = options;
  const { pull } = issue;
  const notMergeable = () => new ApiError(405, "Pull Request is not mergeable");
  if (pull === undefined || issue.state !== "open") throw notMergeable();
  const base = branchSha(repository, pull.base);
  const head = branchSha(repository, pull.head);
  if (base === undefined || head === undefined) throw notMergeable();
  if (expected !== undefined && expected !== head) {
    throw new ApiError(409, "Head branch was modified. Review and try the merge again.");
  }
  const { git } = store;
  const range = `${base}..${head}`;
  const messages = (await git.run({ dir: repository.dir, args: ["log", "--format=%B%x00", range] })).stdout;
  const tree = await mergedTree({ git, dir: repository.dir, base, head });
  if (tree === null) throw notMergeable();
  const message =
    method === "merge"
      ? `Merge pull request #${issue.number} from ${repository.owner}/${pull.head}\n\n${issue.title}\n`
      : `${issue.title} (#${issue.number})\n`;
  const parents = method === "merge" ? [base, head] : [base];
  const sha = await commitTree({ git, dir: repository.dir, tree, parents, message, author: actor });
  await updateRef({ store, repository, ref: `refs/heads/${pull.base}`, sha, before: base, login: actor });
  Object.assign(pull, { merged: true, mergedAt: Date.now(), mergedBy: actor, mergeSha: sha, headSha: head });
  record({ store, issue, actor, event: { event: "merged", commit: sha } });
  closeIssue({ store, issue, actor });
  const texts = [issue.body ?? "", ...(method === "squash" ? [message] : messages.split("\0"))];
  if (pull.base === repository.defaultBranch) closeFixed({ store, repository, texts, actor, sha });
  return sha;
}

function closeFixed(options: {
  store: Store;
  repository: Repository;
  texts: readonly string[];
  actor: string;
  sha: string;
}): void {
  const { store, repository, texts, actor, sha } = options;
  for (const number of texts.flatMap((text) => fixedNumbers(text, fullName(repository)))) {
    const fixed = repository.issues.get(number);
    if (fixed !== undefined && fixed.pull === undefined) closeIssue({ store, issue: fixed, actor, commit: sha });
  }
}
