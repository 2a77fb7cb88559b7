import { formatReference, jobIdOf } from "../domain/reference.ts";
import { isEnded, type IssueState } from "../domain/states.ts";
import { shownState } from "../status/shownState.ts";
import { evaluateRedisReset, evaluateIssue, evaluateScheduler, evaluateUnseen } from "./asking.ts";
import { evaluateAgain, evaluateEnd } from "./ended.ts";
import type { WhyFacts } from "./facts.ts";
import { evaluateHolds, evaluateLimit, evaluatePause, evaluatePlace } from "./holding.ts";
import type { Finding, Rule } from "./rule.ts";
import { evaluatePosition, evaluateRunners } from "./starting.ts";
import { evaluateMissing, evaluateQuestion, evaluateTime, evaluateUnrecorded } from "./waiting.ts";
import { evaluateCommands, evaluateRun, evaluateTries } from "./working.ts";

/** The explanation of an issue's state. */
export interface Explanation {
  /** `owner/repo#471`. */
  readonly issue: string;
  /** Title; empty: tac8 has never processed the issue. */
  readonly title: string;
  readonly url: string;
  /** `unknown`: tac8 does not know the issue. */
  readonly state: IssueState | "unknown";
  /** ISO time of the last change of state. */
  readonly since: string | null;
  /** One or two sentences. */
  readonly answer: string;
  /** All checked rules, the deciding ones first. */
  readonly rules: readonly Rule[];
}

/** Explain the state of an issue. Pure. Texts contain no control codes, but parts by other users: escape them in markup. */
export function explain(facts: WhyFacts): Explanation {
  const { ref, record, job } = facts;
  const situation = situationOf(facts);
  const findings = RULES_BY_SITUATION[situation](facts);
  const ordered = [
    ...findings.filter(({ isDecisive }) => isDecisive),
    ...findings.filter(({ isDecisive }) => !isDecisive),
  ];
  const first = ordered[0];
  return {
    issue: formatReference(ref),
    title: job?.title ?? "",
    url: job?.url ?? "",
    state: stateOf(facts, situation),
    since: record.since,
    answer: first?.isDecisive === true ? first.answer : OTHERWISE[situation],
    rules: ordered.map(({ rule, isDecisive, text, evidence }) => ({ rule, holds: isDecisive, text, evidence })),
  };
}

/** Situations of an issue. Each one has its own list of rules in `RULES_BY_SITUATION`. */
type Situation = "unknown" | "missing" | "ended" | "running" | "asking" | "answered" | "timed" | "waiting";

function situationOf({ job, record }: WhyFacts): Situation {
  const { state } = record;
  const { reply } = record.question;
  if (job === null && state === null) return "unknown";
  const where = job?.state ?? null;
  if (where === "active") return "running";
  if (isEnded(state) && (where === null || where === "completed" || where === "failed")) return "ended";
  if (where === null || where === "completed" || where === "failed") return "missing";
  if (state === "blocked")
    return reply === null && record.command.stop === null && record.command.cancel === null ? "asking" : "answered";
  return where === "delayed" ? "timed" : "waiting";
}

function stateOf({ job, record }: WhyFacts, situation: Situation): Explanation["state"] {
  if (situation === "unknown") return "unknown";
  if (situation === "asking" || situation === "answered") return "blocked";
  if (job === null || job.state === null || situation === "missing") return record.state ?? "unknown";
  return shownState(job.state, record.state);
}

/** Evaluate what may prevent a runner from starting a waiting job. */
const evaluateStart = (facts: WhyFacts): Finding[] => [
  ...evaluateHolds(facts),
  ...evaluatePause(facts),
  ...evaluatePlace(facts),
  ...evaluateRunners(facts),
  ...evaluateLimit(facts),
  ...evaluatePosition(facts),
];

const RULES_BY_SITUATION: Record<Situation, (facts: WhyFacts) => Finding[]> = {
  unknown: (facts) => {
    const before = [...evaluateRedisReset(facts), ...evaluateIssue(facts), ...evaluateScheduler(facts, true)];
    return [...before, ...evaluateUnseen(facts, before)];
  },
  missing: (facts) => [
    ...evaluateCommands(facts),
    ...evaluateScheduler(facts, true),
    ...evaluateRedisReset(facts),
    ...evaluateMissing(facts),
    ...evaluateIssue(facts),
    ...evaluateTries(facts),
  ],
  ended: (facts) => [
    ...evaluateEnd(facts),
    ...evaluateAgain(facts),
    ...evaluateTries(facts),
    ...evaluateScheduler(facts, false),
  ],
  running: (facts) => [...evaluateCommands(facts), ...evaluateRun(facts, jobIdOf(facts.ref)), ...evaluateTries(facts)],
  asking: (facts) => [...evaluateQuestion(facts), ...evaluateTries(facts), ...evaluateScheduler(facts, false)],
  answered: (facts) => [
    ...evaluateCommands(facts),
    ...evaluateUnrecorded(facts),
    ...evaluateStart(facts),
    ...evaluateQuestion(facts),
    ...evaluateTries(facts),
    ...evaluateScheduler(facts, false),
  ],
  timed: (facts) => {
    const due = (facts.job?.until ?? 0) <= facts.now;
    const holds = evaluateHolds(facts, facts.job?.until ?? facts.now);
    // A parked issue shows its hold, and a failed attempt shows its failure.
    const failed = facts.record.state === "retrying" || facts.record.state === "parked";
    const rest = due
      ? [...evaluatePause(facts), ...evaluateRunners(facts), ...evaluateLimit(facts)]
      : evaluateRunners(facts).filter(({ evidence }) => evidence["runners"] === 0);
    return [
      ...evaluateCommands(facts),
      ...(failed ? [] : evaluatePlace(facts)),
      ...(failed ? [...evaluateTime(facts), ...holds] : [...holds, ...evaluateTime(facts)]),
      ...rest,
      ...evaluateTries(facts),
      ...evaluateIssue(facts),
      ...evaluateScheduler(facts, false),
    ];
  },
  waiting: (facts) => [
    ...evaluateCommands(facts),
    ...evaluateIssue(facts),
    ...evaluateStart(facts),
    ...evaluateTries(facts),
    ...evaluateScheduler(facts, false),
  ],
};

/** Answers if no rule decides, because the issue is about to continue. */
const OTHERWISE: Record<Situation, string> = {
  unknown:
    "tac8 does not know this issue: check the number, and that the issue has the label. The next poll then queues it.",
  missing: "The scheduler queues it again with its next poll.",
  ended: "It is finished.",
  running: "It is running.",
  asking: "It waits for a reply.",
  answered: "Its question was answered: a runner starts it within seconds.",
  timed: "Its delay is over: a runner starts it within seconds.",
  waiting: "Nothing blocks it: a runner starts it within seconds.",
};
