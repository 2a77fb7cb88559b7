import {
  accountsOf,
  decideTextThatCounts,
  stopOfPinned,
  stopReason,
  type TextThatCounts,
  type TextFacts,
  type IssueHistory,
  type Stop,
} from "@tac8/core/domain/textThatCounts";
import { parseMarker } from "@tac8/core/domain/marker";
import type { Logger } from "@tac8/core/log/logger";
import { GitHubError } from "@tac8/core/github/errors";
import type { HistoryResult } from "@tac8/core/github/history";
import type { Comment, Issue, IssueEvent } from "@tac8/core/github/types";
import type { StepRecord } from "../run/record.ts";
import { retryOptionsOf, withRetry } from "../run/retry.ts";
import type { IssueAccess } from "../run/step.ts";
import type { WorkspacePaths } from "../workspace/paths.ts";
import { readTextNote, writeTextNote } from "../workspace/textNote.ts";
import { readStartEvent, type StartEvent } from "./startEvent.ts";
import { isTrusted } from "./trusted.ts";

/** Number of waits for an outage of only GraphQL; then the edits count as unreadable. */
const MAX_WAITS = 2;

export interface EditNeeds extends IssueAccess {
  readonly record: StepRecord<never>;
  readonly paths: Pick<WorkspacePaths, "textNoteFile">;
}

export interface TextNeeds extends EditNeeds {
  /** Id of the run. */
  readonly id: string;
  readonly record: StepRecord<"end.outcome" | "end.run" | "end.failure" | "end.reason">;
  readonly log: Logger;
}

/** The title of the issue that counts, and a note about its edits, for the pull request. */
export interface CountedTitle {
  readonly title: string;
  /** Why GitHub did not report the edits of the text; null: it did. */
  readonly unreadable: string | null;
}

/**
 * Decide which text of the issue counts, before any work is based on it: see domain/textThatCounts.ts. Reads the edits from
 * GitHub once.
 * @returns null if the work must not start, because the end was decided here. @throws GitHubError
 */
export async function readTextThatCounts(
  run: TextNeeds,
  {
    issue,
    comments,
    startEvent,
  }: { readonly issue: Issue; readonly comments: readonly Comment[]; readonly startEvent: IssueEvent },
): Promise<(TextThatCounts<Comment> & CountedTitle) | null> {
  const answer = await readHistory(run);
  const { login } = run.issue;
  const others = comments.filter(({ author, body }) => author.login !== login || parseMarker(body) === null);
  const history = answer.kind === "read" ? answer.history : null;
  const text = await decide(run, { issue, comments: others, history, labelledAt: startEvent.at });
  const event = startEvent.id;
  const note = await readTextNote(run.paths);
  const pinned = note?.event === event ? note : null;
  const stop = history === null && pinned !== null ? stopOfPinned(pinned, issue) : text.stop;
  if (stop !== null) {
    await run.record.write(endByEdit(run, stop));
    return null;
  }
  const unreadable = answer.kind === "read" ? null : answer.why;
  if (unreadable !== null) run.log.warn(`could not read the edits of the issue: ${unreadable}`);
  const { title, body } = text;
  await writeTextNote(run.paths, { event, title, body, unreadable });
  return { ...text, unreadable };
}

/** An edit of the issue since the start of the work that does not stop the work. */
export interface HarmlessEdit {
  /** The text after the edit, which is not read again. */
  readonly text: { readonly title: string; readonly body: string };
  readonly countedTitle: CountedTitle;
  /** The start event that was read for this edit. */
  readonly startEvent: StartEvent;
}

/** Text that a run knows before it reads the issue again. */
export interface KnownText {
  /** Null: no step of this run has read the issue yet. */
  readonly countedTitle: CountedTitle | null;
  readonly edit: HarmlessEdit | null;
}

/** @property stop why the work must stop; null: it continues */
export interface EditCheck extends KnownText {
  readonly stop: Stop | null;
}

/**
 * Check, before finished work is published, that the text that it is based on still counts. @returns with `stop` if the
 * end was decided here
 */
export async function checkStillCounts(run: TextNeeds, known: KnownText): Promise<EditCheck> {
  const check = await findEdit(run, known);
  if (check.stop !== null) await run.record.write(endByEdit(run, check.stop));
  return check;
}

/**
 * Find an edit of title or body since the start of the work that stops the work. Reads the issue, and asks GitHub for
 * the edits only if the text has changed. A missing issue does not stop finished work. @throws GitHubError
 */
export async function findEdit(run: EditNeeds, known: KnownText): Promise<EditCheck> {
  const { github, ref } = run.issue;
  const found = await withRetry(() => github.issue(ref, ref.number, { signal: run.signal }), retryOptionsOf(run));
  const note = await readTextNote(run.paths);
  const before = { countedTitle: known.countedTitle ?? note, edit: known.edit };
  if (found.kind !== "found") return { ...before, stop: null };
  const { issue } = found;
  const isKnown = (text: HarmlessEdit["text"] | null) => text !== null && stopOfPinned(text, issue) === null;
  if (isKnown(note) || isKnown(known.edit?.text ?? null)) return { ...before, stop: null };
  // A label that a trusted account has added since covers all earlier edits.
  const startEvent = await readStartEvent(run);
  const answer = await readHistory(run);
  const history = answer.kind === "read" ? answer.history : null;
  const { title, stop } = await decide(run, { issue, comments: [], history, labelledAt: startEvent?.at ?? "" });
  const edited = history === null && note !== null ? stopOfPinned(note, issue) : stop;
  if (edited !== null) return { ...before, stop: edited };
  const countedTitle = { title, unreadable: answer.kind === "read" ? null : answer.why };
  return { stop: null, countedTitle, edit: { text: issue, countedTitle, startEvent } };
}

async function decide(
  run: IssueAccess,
  facts: Pick<TextFacts<Comment>, "labelledAt" | "comments"> & {
    readonly issue: Issue;
    readonly history: IssueHistory | null;
  },
): Promise<TextThatCounts<Comment>> {
  const { comments: policy, trusted_users: trustedUsers } = run.issue.policy;
  const members = new Set(facts.comments.filter(isMember).map(({ author }) => author.login));
  const hinted = (login: string) => members.has(login) || trustedUsers.includes(login);
  const trusted = new Set<string>();
  for (const login of accountsOf(facts, hinted)) {
    if (await withRetry(() => isTrusted(run, login), retryOptionsOf(run))) trusted.add(login);
  }
  return decideTextThatCounts({ ...facts, policy, isTrusted: (login) => trusted.has(login) });
}

/** Only a hint: GitHub hides private members of an organization from some tokens. */
function isMember({ association }: Comment): boolean {
  return ["OWNER", "MEMBER", "COLLABORATOR"].includes(association);
}

async function readHistory(run: EditNeeds): Promise<HistoryResult> {
  const { github, ref } = run.issue;
  try {
    return await withRetry(() => github.issueHistory(ref, { signal: run.signal }), retryOptionsOf(run));
  } catch (error) {
    const lasts =
      error instanceof GitHubError && error.kind === "unavailable" && run.record.state.counts.parked >= MAX_WAITS;
    if (!lasts) throw error;
    return { kind: "unreadable", why: error.detail };
  }
}

function endByEdit({ id, issue }: Pick<TextNeeds, "id" | "issue">, stop: Stop) {
  const reason = stopReason(stop, issue.repository.issueLabel);
  return { "end.outcome": "failed", "end.run": id, "end.failure": "edited", "end.reason": reason } as const;
}
