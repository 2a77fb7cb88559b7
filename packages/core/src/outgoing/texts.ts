import { defuse, fit } from "./defuse.ts";
import { cut } from "../domain/plainText.ts";
import { deniedText, type Denial } from "../domain/denials.ts";
import { codeSpan, type NamedFiles } from "../domain/leftOut.ts";
import { STATE_WORDS, type IssueState } from "../domain/states.ts";
import type { Notable } from "../protection/protect.ts";
import { notableText } from "../domain/notable.ts";
import { formatUsage, type Usage } from "../domain/usage.ts";

/** GitHub accepts 65,536 characters in a comment and 256 in a title. These limits are lower, because GitHub may count differently. */
export const MAX_BODY = 60_000;
const MAX_TITLE = 250;
const MAX_REASON = 4000;
/** Minimum number of characters for the summary of another round; with less space, the round is not added. */
const LEAST_SUMMARY = 200;
const MAX_ANSWER = 20_000;
const MAX_ADDED = 10;
const MAX_PATH = 100;

export interface StatusFacts {
  readonly state: IssueState;
  readonly runner: string | null;
  /** ISO time at which the current state began. */
  readonly since: string;
  readonly branch: string | null;
  readonly prNumber: number | null;
  readonly headSha: string | null;
  readonly usage: Usage | null;
  /** Why the issue is in this state, if the state alone does not explain it. */
  readonly reason: string | null;
  /** Whether its finished work is withheld: it waits for a decision, not for a reply to a question of its agent. */
  readonly isWithheld?: boolean;
}

/** Return the text of the status comment, without its marker. */
export function statusText(facts: StatusFacts, labels: { trigger: string }): string {
  const lines = [headline(facts)];
  if (facts.reason !== null) lines.push("", quote(defuse(facts.reason, MAX_REASON)));
  if (facts.prNumber === null && facts.branch !== null && facts.headSha !== null) {
    lines.push("", `The work so far is on branch \`${facts.branch}\` (${facts.headSha.slice(0, 7)}).`);
  }
  if (facts.usage !== null && facts.usage.durationMs > 0) lines.push("", `_${formatUsage(facts.usage)}_`);
  const again = hintFor(facts.state, labels.trigger);
  if (again !== null) lines.push("", again);
  return cut(lines.join("\n"), MAX_BODY);
}

function headline(facts: StatusFacts): string {
  return `**${STATE_WORDS[facts.state].title}**${detailOf(facts)}`;
}

/** Return the rest of the headline, after the state. */
function detailOf({ state, runner, since, prNumber, headSha, isWithheld = false }: StatusFacts): string {
  const by = runner === null ? "" : ` on \`${runner}\``;
  switch (state) {
    case "queued":
      return ` since ${time(since)}.`;
    case "running":
      return `${by} since ${time(since)}.`;
    case "retrying":
      return ": the next attempt starts after a delay.";
    case "parked":
      return ` since ${time(since)}: waiting without an agent.`;
    case "blocked":
      return isWithheld
        ? ": the work is finished but needs a decision before it is published. The comment below gives the reason and the options."
        : ": the agent needs a reply to the question below. Reply to this issue to continue the work.";
    case "pr":
      return `: #${prNumber ?? "?"}${headSha === null ? "" : ` at ${headSha.slice(0, 7)}`}.`;
    case "answered":
      return ": the agent made no changes. Its answer is in a comment below.";
    case "stopped":
      return " by an operator.";
    case "cancelled":
    case "failed":
      return ".";
    case "withdrawn":
      return ": the label was removed or the issue was closed before the work started.";
    case "expired":
      return isWithheld
        ? ": the finished work was not published in time."
        : ": the agent's question got no reply in time.";
    default:
      return state satisfies never;
  }
}

function hintFor(state: IssueState, trigger: string): string | null {
  switch (state) {
    case "failed":
    case "stopped":
    case "expired":
      return `To try again, add the label \`${trigger}\` again.`;
    case "cancelled":
      return `To try again, reopen the issue if it is closed, and add the label \`${trigger}\` again.`;
    case "pr":
      return `To start another round on the same pull request, add the label \`${trigger}\` again.`;
    case "answered":
      return `To start another round that includes this answer, reply here and add the label \`${trigger}\` again.`;
    case "queued":
    case "running":
    case "retrying":
    case "parked":
    case "blocked":
    case "withdrawn":
      return null;
    default:
      return state satisfies never;
  }
}

/** Return the comment with the agent's question. */
export function questionText(question: string): string {
  const words = question.trim() || "(The agent wrote an empty BLOCKED.md.)";
  const body = fit(words, MAX_BODY - 1000, (part) => quote(defuse(part)));
  return `The agent needs a reply to continue:\n\n${body}\n\nReply to this issue to answer. The work continues with the first reply from an account with write access to this repository.`;
}

/** Return the comment about withheld work. `where`: the runner that has the work. */
export function withheldText(facts: {
  readonly reason: string;
  /** Label that allows the publication if it is added from now on; null: no label allows it. */
  readonly label: string | null;
  readonly where: string;
}): string {
  const { reason, label, where } = facts;
  const body = fit(reason, MAX_BODY - 2000, (part) => quote(defuse(part)));
  const publish =
    label === null
      ? ""
      : `- To publish the work as it is, add the label \`${label}\` to this issue. If the issue already has the label, remove it first. This does not start another agent run.\n`;
  return [
    "The agent has finished, but tac8 has not published the work:",
    body,
    `${publish}- To change the work, reply here: the agent continues with your reply. To discard it, close the issue or remove the label that started the work.`,
    `Only labels and replies from accounts with write access to this repository count. The commits are kept in the workspace on \`${where}\`.`,
  ].join("\n\n");
}

/** Return the comment with the answer of an agent that changed nothing. */
export function answerText(facts: {
  readonly answer: string;
  readonly trigger: string;
  /** The open pull request on which the agent changed nothing. */
  readonly prNumber: number | null;
  readonly denied: readonly Denial[] | null;
}): string {
  const { answer, trigger, prNumber, denied } = facts;
  const where = prNumber === null ? "" : ` on #${prNumber}`;
  const more = withDenied(denied);
  return [
    `The agent made no changes${where}. Its answer:`,
    // The mark of a quote makes each line longer.
    fit(answer.trim(), Math.min(2 * MAX_ANSWER, MAX_BODY - 1000 - more.join("").length), (part) => quote(defuse(part))),
    ...more,
    `To start another round, reply here and add the label \`${trigger}\` again.`,
  ].join("\n\n");
}

/** Return the comment about a final failure: what happened, and what a user can do. */
export function failureText(facts: {
  readonly reason: string;
  readonly advice: string;
  readonly trigger: string;
  /** The pull request of an earlier round, which still exists. */
  readonly prNumber: number | null;
  readonly denied: readonly Denial[] | null;
}): string {
  const { reason, advice, trigger, prNumber, denied } = facts;
  const what = prNumber === null ? "This issue ended without a pull request." : `This round on #${prNumber} failed.`;
  return [
    what,
    quote(defuse(reason, MAX_REASON)),
    ...withDenied(denied),
    `${advice} To try again, add the label \`${trigger}\` again.`,
  ].join("\n\n");
}

/** Commits whose messages mention users or close issues when they are merged. */
export interface MessageEffects {
  /** Shortened commit hashes. */
  readonly commits: readonly string[];
  /** Whether all messages were checked; false: there may be further ones. */
  readonly isWhole: boolean;
}

export interface PullFacts {
  /** The agent's last message. */
  readonly summary: string;
  readonly usage: Usage;
  /** Models of the run, the most used one first. */
  readonly models: readonly string[];
  readonly denied: readonly Denial[] | null;
  /** Set if the agent ended while one of its commands was still running; null: no command was running. */
  readonly leftRunning?: string | null;
  /** Why GitHub did not report the edits of the issue; null: it reported them. */
  readonly unreadable?: string | null;
  readonly run: string;
  /** Files that the agent did not commit and tac8 committed. */
  readonly added?: NamedFiles | null;
  readonly messageEffects: MessageEffects;
  /** Changes that a maintainer should review; null: they could not be determined. */
  readonly notable: readonly Notable[] | null;
}

export function pullTitle(facts: { issueNumber: number; issueTitle: string }): string {
  const title = facts.issueTitle.replaceAll(/\s+/g, " ").trim() || `Issue ${facts.issueNumber}`;
  return cut(title, MAX_TITLE);
}

/** Return the text of a new pull request, below the line with its issue. */
export function pullBody(facts: PullFacts): string {
  return summaryAndFigures(facts, MAX_BODY - 1000);
}

/**
 * Return the addition to the text of a pull request after another round. It is truncated if it does not fit.
 * @param before length of the existing text
 * @returns null: there is not enough space, because the existing text is not truncated
 */
export function anotherRound(before: number, facts: PullFacts): string | null {
  const room = MAX_BODY - before - 1000;
  return room < LEAST_SUMMARY ? null : `**Another round**\n\n${summaryAndFigures(facts, room)}`;
}

function summaryAndFigures(
  {
    summary,
    leftRunning = null,
    unreadable = null,
    run,
    models,
    usage,
    denied,
    added,
    messageEffects,
    notable,
  }: PullFacts,
  room: number,
): string {
  const words = summary.trim() || "(The agent left no summary.)";
  const figures = [`run ${run}`, models.join(" + "), formatUsage(usage)];
  const more = withDenied(denied);
  const top = [
    ...notableNote(notable),
    ...effectNotes(messageEffects),
    ...(unreadable === null ? [] : [unreadableNote(unreadable)]),
    ...(leftRunning === null ? [] : [leftRunningNote(leftRunning)]),
  ];
  const shown = defuse(words, Math.max(LEAST_SUMMARY, room - [...top, ...more].join("").length));
  return `${[...top, shown, ...more].join("\n\n")}\n\n---\n${addedLine(added)}_Made by tac8: ${figures.join(" · ")}_\n`;
}

function notableNote(notable: readonly Notable[] | null): string[] {
  if (notable === null)
    return ["**Check all changed files**: tac8 could not determine which of them run automatically or affect CI."];
  return notable.length === 0
    ? []
    : [
        `**Review these files first**, because they run automatically or affect tools and CI:\n\n${notableText(notable)}`,
      ];
}

function addedLine(added: NamedFiles | null | undefined): string {
  if (added === null || added === undefined) return "";
  const named = added.files.slice(0, MAX_ADDED).map((path) => codeSpan(cut(path, MAX_PATH)));
  const more = added.files.length - named.length + added.more;
  const rest = more === 0 ? "" : ` and ${more} more`;
  return `_Not committed by the agent, committed by tac8:_ ${named.join(", ")}${rest}\n\n`;
}

function withDenied(denied: readonly Denial[] | null): string[] {
  const text = deniedText(denied);
  return text === "" ? [] : [text];
}

function leftRunningNote(message: string): string {
  const note = "the agent ended while one of its commands was still running. Check that nothing is missing.";
  return `**Before you merge**: ${note}\n\n${quote(defuse(message, MAX_REASON))}`;
}

function unreadableNote(why: string): string {
  const note =
    "tac8 could not read the edit history of the issue. The agent worked with the text that the issue had when the run started: check that it is the text that was approved by the label.";
  return `**Before you merge**: ${note}\n\n${quote(defuse(why, MAX_REASON))}`;
}

function effectNotes({ commits, isWhole }: MessageEffects): string[] {
  const list = commits.join(", ");
  const squash = "to avoid this, squash and merge with your own commit message.";
  const named = `**Before you merge**: commit messages in this pull request mention users or close other issues (${list}). GitHub notifies and closes them when the commits reach the default branch; ${squash}`;
  const unread = `**Before you merge**: tac8 could not check all commit messages in this pull request. ${commits.length === 0 ? "They" : "Others"} may mention users or close other issues when the commits reach the default branch; ${squash}`;
  return [...(commits.length === 0 ? [] : [named]), ...(isWhole ? [] : [unread])];
}

function quote(text: string): string {
  return text
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

/** Format a time: `2026-11-22 03:10 UTC`. */
function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
