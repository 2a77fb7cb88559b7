import { formatReference, jobIdOf } from "../domain/reference.ts";
import { isEnded, type IssueState } from "../domain/states.ts";
import { shownState } from "../look/shownState.ts";
import { judgeEpoch, judgeIssue, judgeScheduler, judgeUnseen } from "./asking.ts";
import { judgeAgain, judgeEnd } from "./ended.ts";
import type { WhyFacts } from "./facts.ts";
import { judgeHolds, judgeLimit, judgePause, judgePlace } from "./holding.ts";
import type { Finding, Rule } from "./rule.ts";
import { judgePosition, judgeRunners } from "./taking.ts";
import { judgeMissing, judgeQuestion, judgeTime, judgeUnheard } from "./waiting.ts";
import { judgeCommands, judgeRun, judgeTries } from "./working.ts";

/** Why an issue stands where it stands. */
export interface Explanation {
  /** `owner/repo#471`. */
  readonly issue: string;
  /** Empty where tac8 has never had it. */
  readonly title: string;
  readonly url: string;
  /** `unknown`: tac8 has never seen it. */
  readonly state: IssueState | "unknown";
  /** ISO time of the last change of state. */
  readonly since: string | null;
  /** One or two sentences. */
  readonly answer: string;
  /** All that was looked at, what decides first. */
  readonly rules: readonly Rule[];
}

/** Pure. Texts are without control codes, but are a stranger's words in part: to be escaped where markup is. */
export function explain(facts: WhyFacts): Explanation {
  const { ref, issue, job } = facts;
  const standing = standingOf(facts);
  const findings = ACCOUNTS[standing](facts);
  const ordered = [...findings.filter(({ holds }) => holds), ...findings.filter(({ holds }) => !holds)];
  const first = ordered[0];
  return {
    issue: formatReference(ref),
    title: job?.title ?? "",
    url: job?.url ?? "",
    state: stateOf(facts, standing),
    since: issue.since,
    answer: first?.holds === true ? first.answer : OTHERWISE[standing],
    rules: ordered.map(({ rule, holds, text, evidence }) => ({ rule, holds, text, evidence })),
  };
}

/** Where an issue can stand; each has an account of its own. */
type Standing = "unknown" | "missing" | "ended" | "running" | "asking" | "answered" | "timed" | "waiting";

function standingOf({ job, issue }: WhyFacts): Standing {
  const { state } = issue;
  const answer = issue.question.reply;
  if (job === null && state === null) return "unknown";
  const where = job?.state ?? null;
  if (where === "active") return "running";
  if (isEnded(state) && (where === null || where === "completed" || where === "failed")) return "ended";
  if (where === null || where === "completed" || where === "failed") return "missing";
  if (state === "blocked")
    return answer === null && issue.command.stop === null && issue.command.cancel === null ? "asking" : "answered";
  return where === "delayed" ? "timed" : "waiting";
}

function stateOf({ job, issue }: WhyFacts, standing: Standing): Explanation["state"] {
  if (standing === "unknown") return "unknown";
  if (standing === "asking" || standing === "answered") return "blocked";
  if (job === null || job.state === null || standing === "missing") return issue.state ?? "unknown";
  return shownState(job.state, issue.state);
}

/** What keeps a job that could be taken now from being taken. */
const taking = (facts: WhyFacts): Finding[] => [
  ...judgeHolds(facts),
  ...judgePause(facts),
  ...judgePlace(facts),
  ...judgeRunners(facts),
  ...judgeLimit(facts),
  ...judgePosition(facts),
];

const ACCOUNTS: Record<Standing, (facts: WhyFacts) => Finding[]> = {
  unknown: (facts) => {
    const before = [...judgeEpoch(facts), ...judgeIssue(facts), ...judgeScheduler(facts, true)];
    return [...before, ...judgeUnseen(facts, before)];
  },
  missing: (facts) => [
    ...judgeCommands(facts),
    ...judgeScheduler(facts, true),
    ...judgeEpoch(facts),
    ...judgeMissing(facts),
    ...judgeIssue(facts),
    ...judgeTries(facts),
  ],
  ended: (facts) => [...judgeEnd(facts), ...judgeAgain(facts), ...judgeTries(facts), ...judgeScheduler(facts, false)],
  running: (facts) => [...judgeCommands(facts), ...judgeRun(facts, jobIdOf(facts.ref)), ...judgeTries(facts)],
  asking: (facts) => [...judgeQuestion(facts), ...judgeTries(facts), ...judgeScheduler(facts, false)],
  answered: (facts) => [
    ...judgeCommands(facts),
    ...judgeUnheard(facts),
    ...taking(facts),
    ...judgeQuestion(facts),
    ...judgeTries(facts),
    ...judgeScheduler(facts, false),
  ],
  timed: (facts) => {
    const due = (facts.job?.until ?? 0) <= facts.now;
    const holds = judgeHolds(facts, facts.job?.until ?? facts.now);
    // One that was put back because of a hold says so; one that failed says how.
    const failed = facts.issue.state === "retrying" || facts.issue.state === "parked";
    const rest = due
      ? [...judgePause(facts), ...judgeRunners(facts), ...judgeLimit(facts)]
      : judgeRunners(facts).filter(({ evidence }) => evidence["runners"] === 0);
    return [
      ...judgeCommands(facts),
      ...(failed ? [] : judgePlace(facts)),
      ...(failed ? [...judgeTime(facts), ...holds] : [...holds, ...judgeTime(facts)]),
      ...rest,
      ...judgeTries(facts),
      ...judgeIssue(facts),
      ...judgeScheduler(facts, false),
    ];
  },
  waiting: (facts) => [
    ...judgeCommands(facts),
    ...judgeIssue(facts),
    ...taking(facts),
    ...judgeTries(facts),
    ...judgeScheduler(facts, false),
  ],
};

/** Where nothing decides: it is about to go on. */
const OTHERWISE: Record<Standing, string> = {
  unknown:
    "tac8 does not know this issue: check the number, and that the issue has the label. The next poll then queues it.",
  missing: "The scheduler queues it again with its next poll.",
  ended: "It is finished.",
  running: "It is running.",
  asking: "It waits for an answer.",
  answered: "Its question was answered: a runner starts it within seconds.",
  timed: "Its delay is over: a runner starts it within seconds.",
  waiting: "Nothing blocks it: a runner starts it within seconds.",
};
