import { ApiError, invalid } from "./answer.ts";
import type { Comment, ContentEdit, Issue, IssueEvent, Pull, Repository } from "./model.ts";
import { fullName, type Store } from "./store.ts";

const MOST_BODY = 65_536;
const MOST_TITLE = 256;

export interface OpenIssue {
  readonly store: Store;
  readonly repository: Repository;
  readonly title: string;
  readonly body: string | null;
  readonly author: string;
  readonly labels?: readonly string[];
  readonly pull?: Pull;
}

/** @throws ApiError 422 for a title or body that GitHub would refuse. */
export function openIssue({ store, repository, title, body, author, labels = [], pull }: OpenIssue): Issue {
  const resource = pull === undefined ? "Issue" : "PullRequest";
  checkTitle(title, resource);
  if (body !== null) checkBody(body, resource);
  const now = store.now();
  const issue: Issue = {
    id: store.id(),
    number: Math.max(0, ...repository.issues.keys()) + 1,
    author: store.user(author).login,
    title,
    body,
    edits: [],
    labels: [],
    state: "open",
    stateReason: null,
    locked: false,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedBy: null,
    comments: [],
    events: [],
    ...(pull === undefined ? {} : { pull }),
    deleted: false,
    movedTo: null,
  };
  repository.issues.set(issue.number, issue);
  for (const label of labels) addLabel({ store, repository, issue, label, actor: author });
  store.changed();
  return issue;
}

interface Act {
  readonly store: Store;
  readonly issue: Issue;
  readonly actor: string;
}

interface LabelAct extends Act {
  readonly repository: Repository;
  readonly label: string;
}

/** A label that is there already makes no event. */
export function addLabel({ store, repository, issue, label, actor }: LabelAct): void {
  const { name } = store.label(repository, label);
  if (issue.labels.includes(name)) return;
  issue.labels.push(name);
  record({ store, issue, actor, event: { event: "labeled", label: name } });
}

/** Makes no event. */
export function renameLabel(options: { store: Store; repository: Repository; from: string; to: string }): void {
  const { store, repository, from, to } = options;
  const label = repository.labels.get(from.toLowerCase());
  if (label === undefined) throw new Error(`${fullName(repository)} has no label ${from}`);
  const old = label.name;
  repository.labels.delete(old.toLowerCase());
  label.name = to;
  repository.labels.set(to.toLowerCase(), label);
  for (const issue of repository.issues.values()) {
    issue.labels = issue.labels.map((name) => (name === old ? to : name));
  }
  store.changed();
}

/** @returns whether the label was there. */
export function removeLabel({ store, issue, label, actor }: LabelAct): boolean {
  const index = issue.labels.findIndex((name) => name.toLowerCase() === label.toLowerCase());
  const name = issue.labels[index];
  if (name === undefined) return false;
  issue.labels.splice(index, 1);
  record({ store, issue, actor, event: { event: "unlabeled", label: name } });
  return true;
}

/** @throws ApiError 422 for a body that GitHub would refuse. */
export function addComment(options: { store: Store; issue: Issue; author: string; body: string }): Comment {
  const { store, issue, author, body } = options;
  checkBody(body, "IssueComment");
  const now = store.now();
  const comment: Comment = {
    id: store.id(),
    author: store.user(author).login,
    body,
    createdAt: now,
    updatedAt: now,
    edits: [],
  };
  issue.comments.push(comment);
  touch(store, issue);
  return comment;
}

interface Edit {
  readonly store: Store;
  readonly issue: Issue;
  /** Null: an account that was deleted since. */
  readonly actor: string | null;
}

/** The same text again makes no edit. */
export function editComment({ store, issue, actor, comment, body }: Edit & { comment: Comment; body: string }): void {
  checkBody(body, "IssueComment");
  if (body === comment.body) return;
  revise({ store, actor, content: comment, text: body });
  comment.body = body;
  comment.updatedAt = store.now();
  touch(store, issue);
}

function revise(options: {
  store: Store;
  actor: string | null;
  content: Pick<Issue | Comment, "author" | "body" | "createdAt"> & { edits: ContentEdit[] };
  text: string;
}): void {
  const { store, actor, content, text } = options;
  const { author, body, createdAt, edits } = content;
  if (edits.length === 0) edits.push({ at: createdAt, editor: author, text: body ?? "", deletedAt: null });
  const editor = actor === null ? null : store.user(actor).login;
  edits.push({ at: store.now(), editor, text, deletedAt: null });
}

export function closeIssue({ store, issue, actor, ...rest }: Act & { reason?: string; commit?: string }): void {
  if (issue.state === "closed") return;
  issue.state = "closed";
  issue.stateReason = issue.pull === undefined ? (rest.reason ?? "completed") : null;
  issue.closedAt = store.now();
  issue.closedBy = actor;
  const commit = rest.commit === undefined ? {} : { commit: rest.commit };
  record({ store, issue, actor, event: { event: "closed", ...commit } });
}

export function reopenIssue({ store, issue, actor }: Act): void {
  if (issue.state === "open" || issue.pull?.merged === true) return;
  issue.state = "open";
  issue.stateReason = "reopened";
  issue.closedAt = null;
  issue.closedBy = null;
  record({ store, issue, actor, event: { event: "reopened" } });
}

export function renameIssue({ store, issue, actor, title }: Act & { title: string }): void {
  checkTitle(title, "Issue");
  if (title === issue.title) return;
  const rename = { from: issue.title, to: title };
  issue.title = title;
  record({ store, issue, actor, event: { event: "renamed", rename } });
}

/** The same text again makes no edit. */
export function editBody({ store, issue, actor, body }: Edit & { body: string | null }): void {
  if (body !== null) checkBody(body, "Issue");
  if ((body ?? "") === (issue.body ?? "")) return;
  revise({ store, actor, content: issue, text: body ?? "" });
  issue.body = body;
  touch(store, issue);
}

export function lockIssue({ store, issue, actor, locked }: Act & { locked: boolean }): void {
  if (issue.locked === locked) return;
  issue.locked = locked;
  record({ store, issue, actor, event: { event: locked ? "locked" : "unlocked" } });
}

/** From now on the old number answers 301, and the issue lives in `to` under a new number. */
export function transferIssue(options: Act & { to: Repository }): Issue {
  const { store, issue, actor, to } = options;
  const { title, body, author, labels } = issue;
  const moved = openIssue({ store, repository: to, title, body, author });
  for (const label of labels) if (to.labels.has(label.toLowerCase())) moved.labels.push(label);
  moved.comments = issue.comments;
  issue.movedTo = { repository: fullName(to), number: moved.number };
  record({ store, issue: moved, actor, event: { event: "transferred" } });
  return moved;
}

/** Notes an event with the next id. */
export function record(options: Act & { event: Omit<IssueEvent, "id" | "actor" | "at"> }): void {
  const { store, issue, actor, event } = options;
  issue.events.push({ id: store.id(), actor: store.user(actor).login, at: store.now(), ...event });
  touch(store, issue);
}

function touch(store: Store, issue: Issue): void {
  issue.updatedAt = store.now();
  store.changed();
}

function checkBody(body: string, resource: string): void {
  if (Array.from(body).length > MOST_BODY) {
    throw invalid({
      resource,
      code: "unprocessable",
      field: "data",
      message: `Body is too long (maximum is ${MOST_BODY} characters)`,
    });
  }
  if (resource === "IssueComment" && body.trim() === "") {
    throw invalid({ resource, code: "unprocessable", field: "data", message: "Body cannot be blank" });
  }
}

function checkTitle(title: string, resource: string): void {
  if (title.trim() === "") throw invalid({ resource, code: "missing_field", field: "title" });
  if (Array.from(title).length > MOST_TITLE) {
    const message = `title is too long (maximum is ${MOST_TITLE} characters)`;
    throw new ApiError(422, "Validation Failed", {
      body: { errors: [{ resource, code: "custom", field: "title", message }] },
    });
  }
}
