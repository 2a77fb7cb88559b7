/** One edit of a text. */
export interface Edit {
  /** ISO time, to the second. */
  readonly at: string;
  /** Login; null: the account was deleted or is unknown. */
  readonly editor: string | null;
}

/** The newest edits of a text, in any order and possibly with duplicates. */
export interface Edits {
  readonly edits: readonly Edit[];
  /** Whether there are older edits, which are not listed. */
  readonly isCut: boolean;
}

/** The text of an issue at one moment, and its edits. */
export interface IssueHistory {
  readonly title: string;
  readonly body: string;
  readonly titleEdits: Edits;
  readonly bodyEdits: Edits;
  /** Edits of the comments that were written or edited last, by comment id. */
  readonly comments: ReadonlyMap<number, Edits>;
}

/** An edit that stops the work. */
export interface Stop {
  readonly what: "title" | "body" | "text";
  /** Login; null: GitHub does not report the account. */
  readonly editor: string | null;
  /** ISO time. */
  readonly when: string;
}

export interface IssueComment {
  readonly id: number;
  readonly author: { readonly login: string };
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Configuration key `github.comments`. */
export type CommentPolicy = "trusted" | "all";

export interface TextFacts<C extends IssueComment> {
  /** ISO time of the `labeled` event that started the work. */
  readonly labelledAt: string;
  /** Null: GitHub does not report the edits. */
  readonly history: IssueHistory | null;
  /** The text from the REST API, which is used if there is no history. */
  readonly issue: { readonly title: string; readonly body: string; readonly author: string };
  /** All comments except those of tac8. */
  readonly comments: readonly C[];
  readonly policy: CommentPolicy;
  /** Whether an account is trusted. It is called only for accounts that `accountsOf` returns. */
  readonly isTrusted: (login: string) => boolean;
}

export interface TextThatCounts<C extends IssueComment> {
  readonly title: string;
  readonly body: string;
  /** Comments that count, in the given order. */
  readonly comments: readonly C[];
  /** Number of comments that do not count. */
  readonly leftOut: number;
  /** Null: the text counts. */
  readonly stop: Stop | null;
}

/** Maximum number of editors whose permission is read. Further editors count as not trusted. */
const MAX_EDITORS = 10;
/** Maximum number of authors of comments whose permission is read. */
const MAX_AUTHORS = 50;
/** The account that GitHub shows in place of a deleted one. */
const GHOST = "ghost";

/**
 * Return the accounts whose permission to start work must be known, in lower case. `hinted`: whether an account probably has it; these
 * accounts come first. Pure.
 */
export function accountsOf(
  { labelledAt, history, comments }: Pick<TextFacts<IssueComment>, "labelledAt" | "history" | "comments">,
  hinted: (login: string) => boolean = () => false,
): string[] {
  const late = (edits: Edits) => lateEdits(edits, labelledAt).flatMap(({ editor }) => editor ?? []);
  const editors = history === null ? [] : [...late(history.titleEdits), ...late(history.bodyEdits)];
  const newestFirst = comments.toReversed();
  const authors = newestFirst.map(({ author }) => author.login).filter((login) => login !== GHOST);
  const ofComments = newestFirst.flatMap(({ id }) => {
    const edits = history?.comments.get(id);
    return edits === undefined ? [] : late(edits);
  });
  const lower = (logins: readonly string[]) => [...new Set(logins.map((login) => login.toLowerCase()))];
  const speakers = lower([...authors.filter(hinted), ...authors, ...ofComments]);
  return lower([...lower(editors).slice(0, MAX_EDITORS), ...speakers.slice(0, MAX_AUTHORS)]);
}

/**
 * Return the text of an issue that counts. Pure. It is the text that the user who added the label saw, with later edits by accounts that
 * may start work. An edit of title or body by any other account, in the second of the label or later, stops the work, even if the
 * edit was reverted. So the text that counts is always the current one, and no earlier text must be read.
 *
 * Comments by other accounts never stop the work. Of these, the comments by the issue's author count in the form that they had at the
 * label, because they belong to the request that was labelled. If `policy` is `all`, this applies to comments by every account. A
 * comment that was changed after the label does not count.
 */
export function decideTextThatCounts<C extends IssueComment>(facts: TextFacts<C>): TextThatCounts<C> {
  const { history, issue } = facts;
  const { title, body } = history ?? issue;
  const comments = facts.comments.filter((comment) => counts(comment, facts));
  return { title, body, comments, leftOut: facts.comments.length - comments.length, stop: stopOf(facts) };
}

/**
 * Compare the current text with the one that the first run read (`pinned`), if GitHub does not report edits. A difference counts as an edit
 * by an unknown account. Pure.
 */
export function stopOfPinned(
  pinned: Pick<TextThatCounts<never>, "title" | "body">,
  now: { readonly title: string; readonly body: string; readonly updatedAt: string },
): Stop | null {
  if (pinned.title === now.title && pinned.body === now.body) return null;
  const what = pinned.body === now.body ? "title" : pinned.title === now.title ? "body" : "text";
  return { what, editor: null, when: now.updatedAt };
}

/** Return the reason of a stop as one line. `label`: the label that starts work. */
export function stopReason({ what, editor, when }: Stop, label: string): string {
  const at = `${when.slice(0, 10)} ${when.slice(11, 19)} UTC`;
  const named = what === "text" ? "title and body" : what;
  const after = `after the label ${label} was added`;
  return editor === null
    ? `The issue's ${named} changed (${at}) ${after}, and GitHub does not report which account made the change`
    : `${editor} edited the issue's ${named} (${at}) ${after}, and has no write access to the repository`;
}

function stopOf({ labelledAt, history, isTrusted }: TextFacts<IssueComment>): Stop | null {
  if (history === null) return null;
  for (const [what, edits] of [
    ["title", history.titleEdits],
    ["body", history.bodyEdits],
  ] as const) {
    const edit = untrusted(edits, { labelledAt, isTrusted });
    if (edit !== null) return { what, editor: edit.editor, when: edit.at };
  }
  return null;
}

/**
 * Return the first edit since the label by an account that is not trusted; null: none. If not all edits since then are listed, the edit
 * is by an unknown account.
 */
function untrusted(
  edits: Edits,
  { labelledAt, isTrusted }: Pick<TextFacts<IssueComment>, "labelledAt" | "isTrusted">,
): Edit | null {
  const late = lateEdits(edits, labelledAt).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const found = late.find(({ editor }) => editor === null || !isTrusted(editor.toLowerCase()));
  if (found !== undefined) return found;
  const oldest = late[0];
  return edits.isCut && oldest !== undefined && late.length === edits.edits.length ? { ...oldest, editor: null } : null;
}

function lateEdits({ edits }: Edits, labelledAt: string): Edit[] {
  return edits.filter(({ at }) => !isBefore(at, labelledAt));
}

/** Return whether a time is before the label. GitHub reports only seconds, so the same second is not before. An unreadable time is not. */
function isBefore(at: string, labelledAt: string): boolean {
  return Math.floor(Date.parse(at) / 1000) < Math.floor(Date.parse(labelledAt) / 1000);
}

function counts<C extends IssueComment>(comment: C, facts: TextFacts<C>): boolean {
  const { labelledAt, history, issue, policy, isTrusted } = facts;
  const login = comment.author.login.toLowerCase();
  const isTouched = !isBefore(comment.updatedAt, labelledAt) && comment.updatedAt !== comment.createdAt;
  const edits = history?.comments.get(comment.id);
  const isSpoilt = edits === undefined ? history !== null && isTouched : untrusted(edits, facts) !== null;
  if (isSpoilt) return false;
  if (login !== GHOST && isTrusted(login)) return true;
  const isAsked = policy === "all" || (login !== GHOST && login === issue.author.toLowerCase());
  if (!isAsked || !isBefore(comment.createdAt, labelledAt)) return false;
  return !isTouched || (edits !== undefined && lateEdits(edits, labelledAt).length > 0);
}
