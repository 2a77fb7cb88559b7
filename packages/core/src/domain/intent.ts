/** One edit of a text. */
export interface Edit {
  /** ISO time, to the second. */
  readonly at: string;
  /** Login; null: an account that was deleted, or is not known. */
  readonly editor: string | null;
}

/** The newest edits of a text, in any order; an edit may be there twice. */
export interface Edits {
  readonly edits: readonly Edit[];
  /** There are older edits, which are not listed. */
  readonly isCut: boolean;
}

/** An issue's text at one moment, and the edits that led to it. */
export interface IssueHistory {
  readonly title: string;
  readonly body: string;
  readonly titleEdits: Edits;
  readonly bodyEdits: Edits;
  /** Of the comments that were made or edited last, by id. */
  readonly comments: ReadonlyMap<number, Edits>;
}

/** An edit that stops the work. */
export interface Stop {
  readonly what: "title" | "body" | "text";
  /** Login; null: GitHub does not report. */
  readonly who: string | null;
  /** ISO time. */
  readonly when: string;
}

export interface IssueComment {
  readonly id: number;
  readonly author: { readonly login: string };
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Config `github.comments`. */
export type CommentPolicy = "trusted" | "all";

export interface IntentFacts<C extends IssueComment> {
  /** ISO time of the `labeled` event that the work goes back to. */
  readonly labelledAt: string;
  /** Null: GitHub does not report the edits. */
  readonly history: IssueHistory | null;
  /** The text as REST has it, for where there is no history. */
  readonly issue: { readonly title: string; readonly body: string; readonly author: string };
  /** All comments but tac8's own. */
  readonly comments: readonly C[];
  readonly policy: CommentPolicy;
  /** Whether the account may start work. Only of accounts that `accountsOf` names. */
  readonly mayStart: (login: string) => boolean;
}

export interface Intent<C extends IssueComment> {
  readonly title: string;
  readonly body: string;
  /** Those that count, in the order that they came in. */
  readonly comments: readonly C[];
  /** How many comments do not count. */
  readonly leftOut: number;
  /** Null: the text counts. */
  readonly stop: Stop | null;
}

/** More editors than this after the label are not looked up: they count as accounts that may not start work. */
const MAX_EDITORS = 10;
/** The same for authors of comments. */
const MAX_AUTHORS = 50;
/** The account that GitHub shows for every deleted one. */
const GHOST = "ghost";

/** Accounts of which has to be known whether they may start work, lower-cased. `hinted`: probably can, so they come first. Pure. */
export function accountsOf(
  { labelledAt, history, comments }: Pick<IntentFacts<IssueComment>, "labelledAt" | "history" | "comments">,
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
 * Return which text of an issue counts. Pure. That is the text that the user who added the label saw, and what people who may
 * start work have made of it since. An edit of title or body by anybody else, at the second of the label or later, stops the
 * work, even if it was edited back: so the text that counts is always the present one, and no earlier text has to be found.
 * Comments by anybody else never stop the work. Of those, the ones of the issue's author count as they were at the label (they
 * belong to the request that was labelled), or, by configuration, those of everybody; what was changed later is left out.
 */
export function decideIntent<C extends IssueComment>(facts: IntentFacts<C>): Intent<C> {
  const { history, issue } = facts;
  const { title, body } = history ?? issue;
  const comments = facts.comments.filter((comment) => counts(comment, facts));
  return { title, body, comments, leftOut: facts.comments.length - comments.length, stop: stopOf(facts) };
}

/** The text at first sight, where GitHub does not report the edits: a difference later is an edit by an unknown account. Pure. */
export function stopOfPinned(
  pinned: Pick<Intent<never>, "title" | "body">,
  now: { readonly title: string; readonly body: string; readonly updatedAt: string },
): Stop | null {
  if (pinned.title === now.title && pinned.body === now.body) return null;
  const what = pinned.body === now.body ? "title" : pinned.title === now.title ? "body" : "text";
  return { what, who: null, when: now.updatedAt };
}

/** One line for people. `label`: the trigger. */
export function stopReason({ what, who, when }: Stop, label: string): string {
  const at = `${when.slice(0, 10)} ${when.slice(11, 19)} UTC`;
  const named = what === "text" ? "title and body" : what;
  const after = `after the label ${label} was added`;
  return who === null
    ? `The issue's ${named} changed (${at}) ${after}, and GitHub does not report which account made the change`
    : `${who} edited the issue's ${named} (${at}) ${after}, and has no write access to the repository`;
}

function stopOf({ labelledAt, history, mayStart }: IntentFacts<IssueComment>): Stop | null {
  if (history === null) return null;
  for (const [what, edits] of [
    ["title", history.titleEdits],
    ["body", history.bodyEdits],
  ] as const) {
    const edit = untrusted(edits, { labelledAt, mayStart });
    if (edit !== null) return { what, who: edit.editor, when: edit.at };
  }
  return null;
}

/** The first edit since the label by an account that may not start work. Where edits since then are not listed, it is unknown whose. */
function untrusted(
  edits: Edits,
  { labelledAt, mayStart }: Pick<IntentFacts<IssueComment>, "labelledAt" | "mayStart">,
): Edit | null {
  const late = lateEdits(edits, labelledAt).toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const found = late.find(({ editor }) => editor === null || !mayStart(editor.toLowerCase()));
  if (found !== undefined) return found;
  const oldest = late[0];
  return edits.isCut && oldest !== undefined && late.length === edits.edits.length ? { ...oldest, editor: null } : null;
}

function lateEdits({ edits }: Edits, labelledAt: string): Edit[] {
  return edits.filter(({ at }) => !isBefore(at, labelledAt));
}

/** Seconds are all that GitHub reports: the same one is no time before. Nor is a time that cannot be read. */
function isBefore(at: string, labelledAt: string): boolean {
  return Math.floor(Date.parse(at) / 1000) < Math.floor(Date.parse(labelledAt) / 1000);
}

function counts<C extends IssueComment>(comment: C, facts: IntentFacts<C>): boolean {
  const { labelledAt, history, issue, policy, mayStart } = facts;
  const login = comment.author.login.toLowerCase();
  const isTouched = !isBefore(comment.updatedAt, labelledAt) && comment.updatedAt !== comment.createdAt;
  const edits = history?.comments.get(comment.id);
  const isSpoilt = edits === undefined ? history !== null && isTouched : untrusted(edits, facts) !== null;
  if (isSpoilt) return false;
  if (login !== GHOST && mayStart(login)) return true;
  const isAsked = policy === "all" || (login !== GHOST && login === issue.author.toLowerCase());
  if (!isAsked || !isBefore(comment.createdAt, labelledAt)) return false;
  return !isTouched || (edits !== undefined && lateEdits(edits, labelledAt).length > 0);
}
