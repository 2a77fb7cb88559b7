import {
  accountsOf,
  decideIntent,
  stopOfPinned,
  stopReason,
  type Intent,
  type IntentFacts,
  type IssueHistory,
  type Stop,
} from "@tac8/core/domain/intent";
import { parseMarker } from "@tac8/core/domain/marker";
import { GitHubError } from "@tac8/core/github/errors";
import type { HistoryAnswer } from "@tac8/core/github/history";
import type { Comment, Issue } from "@tac8/core/github/types";
import type { RunContext } from "../run/context.ts";
import { withPatience } from "../run/patience.ts";
import { readIntentNote, writeIntentNote } from "../workspace/intentNote.ts";
import { causeOf, readCause } from "./cause.ts";
import { isTrusted } from "./trusted.ts";

/** An outage of GraphQL alone is waited for this many times; then the edits count as not readable. */
const MAX_WAITS = 2;

/**
 * Decide which text of the issue counts, before anything is made of it: see domain/intent.ts. Asks GitHub once for the edits.
 * @returns null when the work is not to begin: the end was decided here. @throws GitHubError
 */
export async function readIntent(
  run: RunContext,
  { issue, comments }: { readonly issue: Issue; readonly comments: readonly Comment[] },
): Promise<Intent<Comment> | null> {
  const signal = run.switch.stop;
  const cause = await causeOf(run, signal);
  const answer = await readHistory(run, signal);
  const { login } = run.services;
  const others = comments.filter(({ author, body }) => author.login !== login || parseMarker(body) === null);
  const history = answer.kind === "read" ? answer.history : null;
  const intent = await decide(run, { issue, comments: others, history, labelledAt: cause?.at ?? "" }, signal);
  const event = cause?.id ?? 0;
  const note = await readIntentNote(run.paths);
  const pinned = note?.event === event ? note : null;
  const stop = history === null && pinned !== null ? stopOfPinned(pinned, issue) : intent.stop;
  if (stop !== null) {
    await end(run, stop);
    return null;
  }
  const unreadable = answer.kind === "read" ? null : answer.why;
  if (unreadable !== null) run.log.warn(`the edits of the issue could not be read: ${unreadable}`);
  const { title, body } = intent;
  await writeIntentNote(run.paths, { event, title, body, unreadable });
  run.intent = { title, unreadable };
  return intent;
}

/**
 * Check before finished work is published that the text still counts that it was made for. @returns false when the end was
 * decided here
 */
export async function stillCounts(run: RunContext): Promise<boolean> {
  const stop = await findEdit(run, run.switch.lost);
  if (stop === null) return true;
  await end(run, stop);
  return false;
}

/**
 * Find an edit of title or body, since the work began, that stops it. Reads the issue, and asks GitHub for the edits only if
 * the text has changed. Null: there is none, or the issue is not there: that is no reason to lose finished work. @throws GitHubError
 */
export async function findEdit(run: RunContext, signal: AbortSignal): Promise<Stop | null> {
  const { github } = run.services;
  const found = await withPatience(() => github.issue(run.ref, run.ref.number, { signal }), patience(run, signal));
  const note = await readIntentNote(run.paths);
  if (note !== null) run.intent ??= note;
  if (found.kind !== "found") return null;
  const { issue } = found;
  const isKnown = (text: typeof run.editedText) => text !== null && stopOfPinned(text, issue) === null;
  if (isKnown(note) || isKnown(run.editedText)) return null;
  // A label that was added since, by somebody who may, covers what was edited before it.
  const cause = await readCause(run, signal);
  const answer = await readHistory(run, signal);
  const history = answer.kind === "read" ? answer.history : null;
  const { title, stop } = await decide(run, { issue, comments: [], history, labelledAt: cause?.at ?? "" }, signal);
  const edited = history === null && note !== null ? stopOfPinned(note, issue) : stop;
  if (edited !== null) return edited;
  run.intent = { title, unreadable: answer.kind === "read" ? null : answer.why };
  run.editedText = issue;
  return null;
}

async function decide(
  run: RunContext,
  facts: Pick<IntentFacts<Comment>, "labelledAt" | "comments"> & {
    readonly issue: Issue;
    readonly history: IssueHistory | null;
  },
  signal: AbortSignal,
): Promise<Intent<Comment>> {
  const { comments: policy, trusted_users: trustedUsers } = run.services.config.github;
  const members = new Set(facts.comments.filter(isMember).map(({ author }) => author.login));
  const hinted = (login: string) => members.has(login) || trustedUsers.includes(login);
  const trusted = new Set<string>();
  for (const login of accountsOf(facts, hinted)) {
    if (await withPatience(() => isTrusted(run, login, signal), patience(run, signal))) trusted.add(login);
  }
  return decideIntent({ ...facts, policy, mayStart: (login) => trusted.has(login) });
}

/** A hint alone: GitHub hides private members of an organization from some tokens. */
function isMember({ association }: Comment): boolean {
  return ["OWNER", "MEMBER", "COLLABORATOR"].includes(association);
}

async function readHistory(run: RunContext, signal: AbortSignal): Promise<HistoryAnswer> {
  const { github } = run.services;
  try {
    return await withPatience(() => github.issueHistory(run.ref, { signal }), patience(run, signal));
  } catch (error) {
    const lasts = error instanceof GitHubError && error.kind === "unavailable" && run.state.parked >= MAX_WAITS;
    if (!lasts) throw error;
    return { kind: "unreadable", why: error.detail };
  }
}

async function end(run: RunContext, stop: Stop): Promise<void> {
  const reason = stopReason(stop, run.repository.issueLabel);
  await run.write({ outcome: "failed", outcomeRun: run.id, failure: "edited", reason });
}

function patience(run: RunContext, signal: AbortSignal) {
  return { signal, factor: run.services.config.coordinator.backoff_factor };
}
