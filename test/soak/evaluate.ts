import type { Marker } from "@tac8/core/domain/marker";
import { behaviourOf } from "./behaviours.ts";
import type { SoakIssue } from "./soakIssues.ts";
import type { LandedFault } from "./inject.ts";
import { quarantines, type Action } from "./actions.ts";
import type { Finish, Start, AgentNotes } from "./witness.ts";

/** State of an issue on GitHub. */
export interface OnGitHub {
  readonly pulls: readonly { readonly number: number; readonly head: string; readonly open: boolean }[];
  readonly branches: readonly string[];
  readonly comments: Readonly<Record<Marker["kind"], number>>;
  readonly labels: readonly string[];
}

export interface Evaluation {
  readonly findings: readonly string[];
  /** Agents that ran again because a fault landed between their end and the checkpoint: resumed, with nothing left to do. */
  readonly askedAgain: number;
  readonly redone: number;
}

export interface Case {
  readonly issue: SoakIssue;
  readonly there: OnGitHub;
  readonly notes: AgentNotes;
  readonly landed: readonly LandedFault[];
  /** Actions of users on this issue. */
  readonly actions: readonly Action[];
  readonly label: string;
}

const SIGNS = { pr: "rpi-done", answered: "rpi-answered", failed: "rpi-failed", cancelled: "" } as const;
type End = keyof typeof SIGNS;

/** Evaluate whether an issue reached its expected end, with one pull request, branch and comment. Pure. */
export function evaluate({ issue, there, notes, landed, actions, label }: Case): Evaluation {
  const findings: string[] = [];
  const complain = (text: string) => findings.push(`#${issue.number} (${issue.behaviour}): ${text}`);
  const ends = endsOf(issue, actions);
  const state = issue.state?.state ?? "unknown";
  const end = ends.find((allowed) => allowed === state);
  if (end === undefined)
    complain(`ended as ${state}, not ${ends.join(" or ")}: ${issue.state?.end.reason ?? "no reason"}`);
  const shown = SIGNS[end ?? ends[0] ?? "pr"];
  for (const text of onPulls(end ?? ends[0] ?? "pr", there, actions)) complain(text);
  const counts = [
    ["status comments", there.comments.status, 1],
    ["question comments", there.comments.question, behaviourOf(issue.behaviour).questions],
    ["answers", there.comments.answer, end === "answered" ? 1 : 0],
    ["failure comments", there.comments.failure, shown === SIGNS.failed ? 1 : 0],
  ] as const;
  for (const [what, found, wanted] of counts) if (found !== wanted) complain(`${found} ${what}, not ${wanted}`);
  const ours = there.labels.filter((name) => name === label || name.startsWith("rpi-"));
  if (ours.join() !== shown) complain(`its labels are ${ours.join(", ") || "none"}, not ${shown || "none"}`);
  const again = startsAfterEnd({ issue, notes, landed, actions });
  for (const start of again.redone) {
    complain(`its agent was started again at ${new Date(start.at).toISOString()} after it had finished`);
  }
  return { findings, askedAgain: again.askedAgain, redone: again.redone.length };
}

/** The end that the agent leads to first; then those that people may have made of it. */
function endsOf({ behaviour, state }: SoakIssue, actions: readonly Action[]): End[] {
  const ends: End[] = [behaviourOf(behaviour).end];
  // A merge closes the issue: unfinished work is cancelled, and finished work ends with its pull request.
  if (actions.some(({ kind, step }) => kind === "pull:merge" && step !== "report")) ends.push("cancelled");
  const names = state?.end.reason?.startsWith("another contributor changed the branch") === true;
  const clear = state?.end.failure === "refused" && names;
  if (clear && actions.some(({ kind }) => kind === "branch:conflict")) ends.push("failed");
  return ends;
}

/** Check that each branch has one pull request, that one of them is open, and that another branch exists only if a user ended the pull request before. */
function onPulls(end: End, { pulls, branches }: OnGitHub, actions: readonly Action[]): string[] {
  const findings: string[] = [];
  const ended = pulls.filter(({ number }) => actions.some((action) => action.pull === number));
  const open = pulls.filter((pull) => pull.open);
  const heads = new Set(pulls.map(({ head }) => head));
  const [least, most] = end === "pr" ? [Math.max(1, ended.length), ended.length + 1] : [ended.length, ended.length];
  if (pulls.length < least || pulls.length > most) {
    findings.push(`${pulls.length} pull requests, not ${least === most ? least : `${least} or ${most}`}`);
  }
  if (heads.size < pulls.length) findings.push(`${pulls.length} pull requests of ${heads.size} branches`);
  if (open.length > 1) findings.push(`${open.length} open pull requests`);
  const reopened = ended.filter((pull) => pull.open).map(({ number }) => number);
  if (reopened.length > 0) findings.push(`pull request #${reopened.join(", #")} is open again`);
  const closed = pulls.filter((pull) => !pull.open && !ended.includes(pull)).map(({ number }) => number);
  if (closed.length > 0) findings.push(`pull request #${closed.join(", #")} was closed by nobody`);
  // Unfinished work may be saved to a separate branch.
  const spare = end === "pr" ? 0 : 1;
  if (branches.length < heads.size || branches.length > heads.size + spare) {
    findings.push(`${branches.length} branches, not ${heads.size}`);
  }
  return findings;
}

function startsAfterEnd({ issue, notes, landed, actions }: Pick<Case, "issue" | "notes" | "landed" | "actions">) {
  const starts = notes.starts.filter((start) => start.issue === issue.number);
  const ends = notes.finishes.filter((finish) => finish.issue === issue.number && finish.how === "success");
  let askedAgain = 0;
  let spare = behaviourOf(issue.behaviour).spareEnds + (issue.relabelledAfter === null ? 0 : 1);
  spare += actions.filter(quarantines).length;
  const redone: Start[] = [];
  for (const [index, end] of ends.entries()) {
    const next = starts.find(({ at }) => at > end.at && at <= (ends[index + 1]?.at ?? Infinity));
    if (next === undefined) continue;
    if (next.resumed && next.session === end.session && landedBeforeCheckpoint(end, next, landed)) askedAgain += 1;
    else if (spare > 0) spare -= 1;
    else redone.push(next);
  }
  return { askedAgain, redone };
}

/** Tolerance in ms: the time of a fault is noted just before it lands. */
const SLACK_MS = 500;

/** Return whether a fault landed between the end of an agent and the checkpoint, so that the agent ran again. */
function landedBeforeCheckpoint(end: Finish, next: Start, landed: readonly LandedFault[]): boolean {
  return landed.some(({ at, affected }) => {
    const isBetween = at >= end.at - SLACK_MS && at <= next.at;
    return isBetween && affected.some(({ issue, step }) => issue === end.issue && step === "work");
  });
}
