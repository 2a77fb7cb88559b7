import type { Priority } from "../domain/priority.ts";

/** How a run's agent is started. */
export interface AgentChoice {
  readonly provider: "claude" | "command";
  /** With `claude` the program and its leading arguments, with `command` the whole template. */
  readonly program: readonly string[];
  readonly model: string;
}

/** Everything that a rule asks for must be so; what it does not name is not asked. */
export interface RoutingRule {
  readonly name: string;
  readonly priorities: readonly Priority[] | null;
  /** Lower-cased; one of them is enough. */
  readonly labels: readonly string[] | null;
  readonly retries: { readonly atLeast: number; readonly atMost: number } | null;
  /** `[from, to)`, over midnight where `from` is the later one. */
  readonly hours: readonly [from: number, to: number] | null;
  readonly agent: AgentChoice;
}

/** US dollars for a million tokens. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
}

export interface Agents {
  readonly standard: AgentChoice;
  /** In the order in which they are asked. */
  readonly rules: readonly RoutingRule[];
  /** By the model's name. */
  readonly prices: Readonly<Record<string, ModelPrice>>;
}

/** What is known of a run before its agent starts. */
export interface RunFacts {
  readonly priority: Priority;
  readonly labels: readonly string[];
  /** Attempts that were made before this one. */
  readonly retryCount: number;
  /** 0 to 23, by the runner's clock. */
  readonly hour: number;
}

/** The agent of a run: of the first rule that holds, else the standard one. Pure. */
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
