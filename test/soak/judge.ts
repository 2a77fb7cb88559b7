import type { Marker } from "@tac8/core/domain/marker";
import { behaviourOf } from "./behaviours.ts";
import type { Played } from "./cast.ts";
import type { Landed } from "./inject.ts";
import type { Finish, Start, Testimony } from "./witness.ts";

/** What GitHub has of an issue, counted. */
export interface OnGitHub {
  readonly pulls: number;
  readonly branches: number;
  readonly comments: Readonly<Record<Marker["kind"], number>>;
  readonly labels: readonly string[];
}

export interface Verdict {
  readonly findings: readonly string[];
  /** Agents that were asked again because a fault came between their end and its checkpoint: resumed, with nothing left. */
  readonly askedAgain: number;
  readonly redone: number;
}

export interface Case {
  readonly issue: Played;
  readonly there: OnGitHub;
  readonly testimony: Testimony;
  readonly landed: readonly Landed[];
  readonly label: string;
}

/** Whether an issue came to its expected end, with everything there exactly once. Pure. */
export function judge({ issue, there, testimony, landed, label }: Case): Verdict {
  const expected = behaviourOf(issue.behaviour);
  const findings: string[] = [];
  const complain = (text: string) => findings.push(`#${issue.number} (${issue.behaviour}): ${text}`);
  const state = issue.state?.state ?? "unknown";
  if (state !== expected.end) complain(`ended as ${state}, not ${expected.end}: ${issue.state?.reason ?? "no reason"}`);
  const isPr = expected.end === "pr";
  const counts = [
    ["pull requests", there.pulls, isPr ? 1 : 0],
    ["branches", there.branches, isPr ? 1 : there.branches],
    ["status comments", there.comments.status, 1],
    ["question comments", there.comments.question, expected.questions],
    ["failure comments", there.comments.failure, isPr ? 0 : 1],
  ] as const;
  for (const [what, found, wanted] of counts) if (found !== wanted) complain(`${found} ${what}, not ${wanted}`);
  if (there.branches > 1) complain(`${there.branches} branches`);
  const sign = isPr ? "rpi-done" : "rpi-failed";
  const ours = there.labels.filter((name) => name === label || name.startsWith("rpi-"));
  if (ours.join() !== sign) complain(`its labels are ${ours.join(", ") || "none"}, not ${sign}`);
  const again = startsAfterEnd(issue, testimony, landed);
  for (const start of again.redone) {
    complain(`its agent was started again at ${new Date(start.at).toISOString()} after it had finished`);
  }
  return { findings, askedAgain: again.askedAgain, redone: again.redone.length };
}

/** Between an agent's last words and the checkpoint there is a short time in which a fault makes the agent be asked again. */
const WINDOW_MS = 5000;

function startsAfterEnd(issue: Played, testimony: Testimony, landed: readonly Landed[]) {
  const starts = testimony.starts.filter((start) => start.issue === issue.number);
  const ends = testimony.finishes.filter((finish) => finish.issue === issue.number && finish.how === "success");
  let askedAgain = 0;
  let spare = behaviourOf(issue.behaviour).spareEnds;
  const redone: Start[] = [];
  for (const [index, end] of ends.entries()) {
    const next = starts.find(({ at }) => at > end.at && at <= (ends[index + 1]?.at ?? Infinity));
    if (next === undefined) continue;
    if (spare > 0) spare -= 1;
    else if (next.resumed && next.session === end.session && fellInto(end, next, landed)) askedAgain += 1;
    else redone.push(next);
  }
  return { askedAgain, redone };
}

/** Clocks are one, but a fault's time is noted just before it strikes. */
const SLACK_MS = 500;

function fellInto(end: Finish, next: Start, landed: readonly Landed[]): boolean {
  const last = Math.min(end.at + WINDOW_MS, next.at);
  return landed.some(({ at, struck }) => struck.includes(end.issue) && at >= end.at - SLACK_MS && at <= last);
}
