import type { Comment, Issue, IssueEvent, Label, Level, Repository, User } from "./model.ts";
import { atLeast, fullName, type Store } from "./store.ts";

/** Where the asker reaches the API, and where people read pages. No slash at the end. */
export interface Urls {
  readonly api: string;
  readonly html: string;
  /** Where git is served, from the asker's side. */
  readonly git: string;
}

export interface View {
  readonly store: Store;
  readonly urls: Urls;
}

type Json = Record<string, unknown>;

export const time = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, "Z");

const optionalTime = (at: number | null): string | null => (at === null ? null : time(at));

const nodeId = (kind: string, id: number): string => Buffer.from(`${kind}:${id}`).toString("base64");

export function presentUser({ urls }: View, user: User): Json {
  const url = `${urls.api}/users/${user.login}`;
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId("User", user.id),
    avatar_url: `${urls.html}/avatars/${user.id}`,
    gravatar_id: "",
    url,
    html_url: `${urls.html}/${user.login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: user.login.endsWith("[bot]") ? "Bot" : "User",
    user_view_type: "public",
    site_admin: false,
  };
}

export function presentMe(view: View, user: User): Json {
  const unknown = ["name", "company", "location", "email", "hireable", "bio", "twitter_username"];
  const none = ["public_repos", "public_gists", "followers", "following"];
  return {
    ...presentUser(view, user),
    ...Object.fromEntries(unknown.map((key) => [key, null])),
    ...Object.fromEntries(none.map((key) => [key, 0])),
    blog: "",
    created_at: time(user.createdAt),
    updated_at: time(user.createdAt),
  };
}

const login = (view: View, name: string): Json => presentUser(view, view.store.user(name));

/** `<key>_url` of a repository, after its own address. */
const REPOSITORY_URLS: Readonly<Record<string, string>> = {
  archive: "{archive_format}{/ref}",
  assignees: "assignees{/user}",
  blobs: "git/blobs{/sha}",
  branches: "branches{/branch}",
  collaborators: "collaborators{/collaborator}",
  comments: "comments{/number}",
  commits: "commits{/sha}",
  compare: "compare/{base}...{head}",
  contents: "contents/{+path}",
  contributors: "contributors",
  deployments: "deployments",
  downloads: "downloads",
  events: "events",
  forks: "forks",
  git_commits: "git/commits{/sha}",
  git_refs: "git/refs{/sha}",
  git_tags: "git/tags{/sha}",
  hooks: "hooks",
  issue_comment: "issues/comments{/number}",
  issue_events: "issues/events{/number}",
  issues: "issues{/number}",
  keys: "keys{/key_id}",
  labels: "labels{/name}",
  languages: "languages",
  merges: "merges",
  milestones: "milestones{/number}",
  notifications: "notifications{?since,all,participating}",
  pulls: "pulls{/number}",
  releases: "releases{/id}",
  stargazers: "stargazers",
  statuses: "statuses/{sha}",
  subscribers: "subscribers",
  subscription: "subscription",
  tags: "tags",
  teams: "teams",
  trees: "git/trees{/sha}",
};

export const repositoryUrl = ({ urls }: View, repository: Repository): string =>
  `${urls.api}/repos/${fullName(repository)}`;

export function presentRepository(view: View, repository: Repository, level: Level, app = false): Json {
  const url = repositoryUrl(view, repository);
  const html = `${view.urls.html}/${fullName(repository)}`;
  const git = `${view.urls.git}/${fullName(repository)}.git`;
  const open = [...repository.issues.values()].filter((issue) => issue.state === "open").length;
  const urls = Object.entries(REPOSITORY_URLS).map(([key, path]) => [`${key}_url`, `${url}/${path}`]);
  const zero = ["forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "network_count"];
  return {
    id: repository.id,
    node_id: nodeId("Repository", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    private: repository.private,
    visibility: repository.private ? "private" : "public",
    owner: login(view, repository.owner),
    html_url: html,
    description: null,
    fork: false,
    url,
    ...Object.fromEntries(urls),
    ...Object.fromEntries([...zero, "subscribers_count", "size"].map((key) => [key, 0])),
    clone_url: git,
    git_url: git,
    ssh_url: git,
    svn_url: html,
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    topics: [],
    archived: repository.archived,
    disabled: false,
    default_branch: repository.defaultBranch,
    open_issues: open,
    open_issues_count: open,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    has_downloads: false,
    created_at: time(repository.createdAt),
    updated_at: time(repository.createdAt),
    pushed_at: time(repository.pushedAt),
    // Those of a user: an app's installation token has none of them, whatever it may do.
    permissions: {
      admin: !app && level === "admin",
      maintain: !app && level === "admin",
      push: !app && atLeast(level, "write"),
      triage: !app && atLeast(level, "write"),
      pull: !app && atLeast(level, "read"),
    },
  };
}

export function presentLabel(view: View, repository: Repository, label: Label): Json {
  return {
    id: label.id,
    node_id: nodeId("Label", label.id),
    url: `${repositoryUrl(view, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: false,
    description: label.description,
  };
}

const labelsOf = (view: View, repository: Repository, issue: Issue): Json[] =>
  issue.labels.map((name) => presentLabel(view, repository, view.store.label(repository, name)));

export const association = ({ store }: View, repository: Repository, name: string): string => {
  if (repository.owner === name) return "OWNER";
  return atLeast(store.level(repository, name), "write") ? "COLLABORATOR" : "NONE";
};

export function presentIssue(view: View, repository: Repository, issue: Issue): Json {
  const base = repositoryUrl(view, repository);
  const url = `${base}/issues/${issue.number}`;
  const page = `${view.urls.html}/${fullName(repository)}`;
  const html = `${page}/${issue.pull === undefined ? "issues" : "pull"}/${issue.number}`;
  const pull = issue.pull && {
    draft: issue.pull.draft,
    pull_request: {
      url: `${base}/pulls/${issue.number}`,
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      merged_at: optionalTime(issue.pull.mergedAt),
    },
  };
  return {
    id: issue.id,
    node_id: nodeId("Issue", issue.id),
    url,
    repository_url: base,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: html,
    number: issue.number,
    state: issue.state,
    state_reason: issue.stateReason,
    title: issue.title,
    body: issue.body,
    user: login(view, issue.author),
    labels: labelsOf(view, repository, issue),
    assignee: null,
    assignees: [],
    milestone: null,
    locked: issue.locked,
    active_lock_reason: null,
    comments: issue.comments.length,
    closed_at: optionalTime(issue.closedAt),
    closed_by: issue.closedBy === null ? null : login(view, issue.closedBy),
    created_at: time(issue.createdAt),
    updated_at: time(issue.updatedAt),
    author_association: association(view, repository, issue.author),
    ...pull,
  };
}

export function presentComment(options: { view: View; repository: Repository; issue: Issue; comment: Comment }): Json {
  const { view, repository, issue, comment } = options;
  const base = `${repositoryUrl(view, repository)}/issues`;
  const kind = issue.pull === undefined ? "issues" : "pull";
  return {
    id: comment.id,
    node_id: nodeId("IssueComment", comment.id),
    url: `${base}/comments/${comment.id}`,
    html_url: `${view.urls.html}/${fullName(repository)}/${kind}/${issue.number}#issuecomment-${comment.id}`,
    issue_url: `${base}/${issue.number}`,
    user: login(view, comment.author),
    body: comment.body,
    created_at: time(comment.createdAt),
    updated_at: time(comment.updatedAt),
    author_association: association(view, repository, comment.author),
    performed_via_github_app: null,
  };
}

export function presentEvent(view: View, repository: Repository, event: IssueEvent): Json {
  const base = repositoryUrl(view, repository);
  // As it was called then: it may have been renamed or deleted since.
  const color = repository.labels.get(event.label?.toLowerCase() ?? "")?.color ?? "ededed";
  return {
    id: event.id,
    node_id: nodeId("IssueEvent", event.id),
    url: `${base}/issues/events/${event.id}`,
    actor: login(view, event.actor),
    event: event.event,
    commit_id: event.commit ?? null,
    commit_url: event.commit === undefined ? null : `${base}/commits/${event.commit}`,
    created_at: time(event.at),
    performed_via_github_app: null,
    ...(event.label !== undefined && { label: { name: event.label, color } }),
    ...(event.rename && { rename: event.rename }),
    ...(event.event === "closed" && { state_reason: null }),
    ...(event.event === "locked" && { lock_reason: null }),
  };
}

/** @param detail what only the single call says: merged, mergeable, counts. */
export function presentPull(options: { view: View; repository: Repository; issue: Issue; detail?: Json }): Json {
  const { view, repository, issue, detail } = options;
  const { pull } = issue;
  if (pull === undefined) throw new Error(`#${issue.number} is not a pull request`);
  const base = repositoryUrl(view, repository);
  const url = `${base}/pulls/${issue.number}`;
  const html = `${view.urls.html}/${fullName(repository)}/pull/${issue.number}`;
  const issueUrl = `${base}/issues/${issue.number}`;
  const links = {
    html: html,
    self: url,
    issue: issueUrl,
    comments: `${issueUrl}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${base}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses: `${base}/statuses/${pull.headSha}`,
  };
  const side = (ref: string, sha: string) => ({
    label: `${repository.owner}:${ref}`,
    ref,
    sha,
    user: login(view, repository.owner),
    repo: presentRepository(view, repository, "read"),
  });
  return {
    id: issue.id,
    node_id: nodeId("PullRequest", issue.id),
    url,
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    commits_url: links.commits,
    review_comments_url: links.review_comments,
    review_comment_url: links.review_comment,
    comments_url: links.comments,
    statuses_url: links.statuses,
    number: issue.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: login(view, issue.author),
    body: issue.body,
    labels: labelsOf(view, repository, issue),
    milestone: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    requested_teams: [],
    created_at: time(issue.createdAt),
    updated_at: time(issue.updatedAt),
    closed_at: optionalTime(issue.closedAt),
    merged_at: optionalTime(pull.mergedAt),
    merge_commit_sha: pull.mergeSha,
    head: side(pull.head, pull.headSha),
    base: side(pull.base, pull.baseSha),
    _links: Object.fromEntries(Object.entries(links).map(([key, href]) => [key, { href }])),
    author_association: association(view, repository, issue.author),
    auto_merge: null,
    draft: pull.draft,
    ...detail,
  };
}
