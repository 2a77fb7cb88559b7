import type { Priority } from "../domain/priority.ts";

/** The agent for a run. */
export interface AgentChoice {
  readonly provider: "claude" | "command";
  /** With `claude`: the program and its leading arguments. With `command`: the whole template. */
  readonly program: readonly string[];
  readonly model: string;
}

/** A rule. All its conditions must be fulfilled; null: no condition. */
export interface RoutingRule {
  readonly name: string;
  readonly priorities: readonly Priority[] | null;
  /** Labels in lower case; the issue must have at least one. */
  readonly labels: readonly string[] | null;
  readonly retries: { readonly atLeast: number; readonly atMost: number } | null;
  /** Hours `[from, to)`, over midnight if `from` is later than `to`. */
  readonly hours: readonly [from: number, to: number] | null;
  readonly agent: AgentChoice;
}

/** Prices in US dollars per million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
}

export interface Agents {
  readonly standard: AgentChoice;
  /** Rules in the order of their evaluation. */
  readonly rules: readonly RoutingRule[];
  /** Prices by the name of the model. */
  readonly prices: Readonly<Record<string, ModelPrice>>;
}

/** Facts about a run before its agent starts. */
export interface RunFacts {
  readonly priority: Priority;
  readonly labels: readonly string[];
  /** Number of attempts before this one. */
  readonly retryCount: number;
  /** Hour from 0 to 23, by the runner's clock. */
  readonly hour: number;
}

/** Choose the agent for a run: the one of the first rule that applies, else the standard one. Pure. */
export function chooseAgent({ rules, standard }: Agents, facts: RunFacts): AgentChoice {
  return rules.find((rule) => holds(rule, facts))?.agent ?? standard;
}

function holds({ priorities, labels, retries, hours }: RoutingRule, facts: RunFacts): boolean {
  const { priority, retryCount, hour } = facts;
  if (priorities !== null && !priorities.includes(priority)) return false;
  if (labels !== null && !facts.labels.some((label) => labels.includes(label.toLowerCase()))) return false;
  if (retries !== null && (retryCount < retries.atLeast || retryCount > retries.atMost)) return false;
  return hours === null || isWithin(hour, hours);
}

function isWithin(hour: number, [from, to]: readonly [number, number]): boolean {
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to;
}
