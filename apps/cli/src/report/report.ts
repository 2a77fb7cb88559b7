import { tokensOf } from "@tac8/core/domain/agentEvidence";
import type { FailureKind } from "@tac8/core/domain/failures";
import { OUTCOMES, type Outcome } from "@tac8/core/domain/states";
import { addFigures, NO_FIGURES, type Figures } from "@tac8/core/domain/usage";
import { spreadOf, type Spread } from "./quantile.ts";
import type { Sample } from "./samples.ts";

/** Report on a period. Times are ISO, costs are in US dollars. */
export interface Report {
  readonly since: string;
  readonly until: string;
  /** False: the event log begins later than `since`. */
  readonly complete: boolean;
  /** How issues ended; `blocked` are questions. */
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Number of pull requests, each counted once. `outcomes.pr` also counts later rounds on the same pull request. */
  readonly pullRequests: number;
  /** Share of pull requests among issues that ended as pull request or failed, 0 to 1; null: there are none. */
  readonly successRate: number | null;
  /** Time from the queue to the pull request. A labelled issue is queued within one poll. */
  readonly toPr: Spread | null;
  /** Time from the queue to the start of work. */
  readonly wait: Spread | null;
  readonly agents: AgentTotals;
  /** Most frequent first. */
  readonly failures: readonly FailureFigures[];
  /** Every day of the period, oldest first. */
  readonly days: readonly DayFigures[];
  /** Most expensive first. */
  readonly models: readonly ModelTotals[];
  /** Most expensive first. */
  readonly issues: readonly IssueFigures[];
}

/** Totals of agent runs that ended. */
export interface AgentTotals {
  readonly runs: number;
  /** Total duration. */
  readonly ms: number;
  readonly turns: number;
  readonly tokens: number;
  readonly costUsd: number;
}

export interface FailureFigures {
  readonly kind: FailureKind;
  /** Attempts that failed in this way, including the last ones. */
  readonly tries: number;
  /** Issues that failed in this way. */
  readonly issues: number;
  /** The newest message. */
  readonly reason: string;
}

export interface DayFigures extends AgentTotals {
  /** `2026-11-25`, in the local time zone. */
  readonly day: string;
  /** Pull requests, each counted once. */
  readonly prs: number;
  readonly answers: number;
  readonly failed: number;
}

export interface ModelTotals extends Figures {
  readonly model: string;
  readonly runs: number;
}

export interface IssueFigures extends AgentTotals {
  /** Job id. */
  readonly issue: string;
  /** Its newest outcome; null: it has none in this period. */
  readonly outcome: Outcome | null;
  readonly pr: number | null;
  /** Time to its newest pull request. */
  readonly toPrMs: number | null;
}

export interface ReportFrame {
  /** Epoch ms. */
  readonly since: number;
  readonly until: number;
  readonly complete: boolean;
  /** Returns the day of a time in epoch ms. */
  readonly dayOf: (at: number) => string;
  /** The days of the table, oldest first. */
  readonly days: readonly string[];
}

const NONE: AgentTotals = { runs: 0, ms: 0, turns: 0, tokens: 0, costUsd: 0 };

type Of<Kind extends Sample["kind"]> = Extract<Sample, { readonly kind: Kind }>;

/** Compute a report. Pure. `samples`: oldest first. */
export function reportOf(samples: readonly Sample[], frame: ReportFrame): Report {
  const of = <Kind extends Sample["kind"]>(kind: Kind) =>
    samples.filter((sample): sample is Of<Kind> => sample.kind === kind);
  const [ends, agents] = [of("end"), of("agent")];
  const outcomes = Object.fromEntries(
    OUTCOMES.map((name) => [name, ends.filter(({ outcome }) => outcome === name).length]),
  ) as Record<Outcome, number>;
  const decided = outcomes.pr + outcomes.failed;
  const prTimes = ends.flatMap(({ outcome, sinceBegunMs }) =>
    outcome === "pr" && sinceBegunMs !== null ? [sinceBegunMs] : [],
  );
  return {
    since: new Date(frame.since).toISOString(),
    until: new Date(frame.until).toISOString(),
    complete: frame.complete,
    outcomes,
    pullRequests: ends.filter(isNewPull).length,
    successRate: decided === 0 ? null : outcomes.pr / decided,
    toPr: spreadOf(prTimes),
    wait: spreadOf(of("wait").map(({ ms }) => ms)),
    agents: totalsOf(agents),
    failures: failuresOf(of("failure")),
    days: daysOf({ ends, agents }, frame),
    models: modelsOf(agents),
    issues: issuesOf({ ends, agents }),
  };
}

/** Whether an end counts as a new pull request, not as an update of one. */
function isNewPull({ outcome, updated }: Of<"end">): boolean {
  return outcome === "pr" && !updated;
}

function totalsOf(agents: readonly Of<"agent">[]): AgentTotals {
  return agents.reduce(
    (sum, { agent }) => ({
      runs: sum.runs + 1,
      ms: sum.ms + agent.ms,
      turns: sum.turns + agent.turns,
      tokens: sum.tokens + tokensOf(agent),
      costUsd: sum.costUsd + agent.costUsd,
    }),
    NONE,
  );
}

function failuresOf(failures: readonly Of<"failure">[]): FailureFigures[] {
  const byKind = Map.groupBy(failures, ({ failure }) => failure);
  return [...byKind]
    .map(([kind, list]) => ({
      kind,
      tries: list.length,
      issues: new Set(list.flatMap(({ last, issue }) => (last ? [issue] : []))).size,
      reason: list.at(-1)?.reason ?? "",
    }))
    .toSorted((a, b) => b.tries - a.tries || a.kind.localeCompare(b.kind));
}

interface EndsAndAgents {
  readonly ends: readonly Of<"end">[];
  readonly agents: readonly Of<"agent">[];
}

function daysOf({ ends, agents }: EndsAndAgents, { dayOf, days }: ReportFrame): DayFigures[] {
  const day = ({ at }: { readonly at: string }) => dayOf(Date.parse(at));
  const [endsBy, agentsBy] = [Map.groupBy(ends, day), Map.groupBy(agents, day)];
  return days.map((name) => {
    const count = (wanted: Outcome) => (endsBy.get(name) ?? []).filter(({ outcome }) => outcome === wanted).length;
    return {
      day: name,
      prs: (endsBy.get(name) ?? []).filter(isNewPull).length,
      answers: count("answered"),
      failed: count("failed"),
      ...totalsOf(agentsBy.get(name) ?? []),
    };
  });
}

function modelsOf(agents: readonly Of<"agent">[]): ModelTotals[] {
  const byModel = Map.groupBy(
    agents.flatMap(({ agent }) => agent.models),
    ({ model }) => model,
  );
  return [...byModel]
    .map(([model, list]) => ({ model, runs: list.length, ...list.reduce<Figures>(addFigures, NO_FIGURES) }))
    .toSorted((a, b) => b.costUsd - a.costUsd || a.model.localeCompare(b.model));
}

function issuesOf({ ends, agents }: EndsAndAgents): IssueFigures[] {
  const [endsBy, agentsBy] = [Map.groupBy(ends, ({ issue }) => issue), Map.groupBy(agents, ({ issue }) => issue)];
  return [...new Set([...endsBy.keys(), ...agentsBy.keys()])]
    .map((issue) => {
      const own = endsBy.get(issue) ?? [];
      const pr = own.findLast(({ outcome }) => outcome === "pr");
      return {
        issue,
        outcome: own.at(-1)?.outcome ?? null,
        pr: pr?.pr ?? null,
        toPrMs: pr?.sinceBegunMs ?? null,
        ...totalsOf(agentsBy.get(issue) ?? []),
      };
    })
    .toSorted((a, b) => b.costUsd - a.costUsd || b.ms - a.ms || a.issue.localeCompare(b.issue));
}
