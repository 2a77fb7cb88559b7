import { z } from "zod";
import { clip } from "../domain/plainText.ts";
import type { Priority } from "../domain/priority.ts";
import type { AgentChoice, ModelPrice, RoutingRule } from "./routing.ts";

/**
 * Tables in configuration files of the older coordinator. Its keys that are not listed here (`context_window`, `capabilities`, `reason`) had
 * no effect on runs there, and have none here.
 */
const providerSchema = z.looseObject({
  enabled: z.boolean().default(true),
  command_template: z.array(z.string().min(1)).min(1).optional(),
  api_key_env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "expected the name of an environment variable")
    .optional(),
});

const price = z.number().min(0).optional();
const modelSchema = z.looseObject({
  name: z.string().min(1).max(200),
  provider: z.string().optional(),
  cost_per_million_input: price,
  cost_per_million_output: price,
});

const routingSchema = z.looseObject({
  enabled: z.boolean().default(true),
  default_provider: z.string().optional(),
  default_model: z.string().min(1).max(200).optional(),
  rules: z.array(z.looseObject({})).max(200).default([]),
});

/** A list, or a single item as a list of one. */
const oneOrMany = <T extends z.ZodType>(item: T) => z.union([item.transform((one) => [one]), z.array(item)]);
const count = z.int().min(0);

/** A rule. One with unknown keys is rejected, because without its unknown conditions it would apply to too many runs. */
const ruleSchema = z.strictObject({
  name: z.string().optional(),
  reason: z.string().optional(),
  priority: z.number().default(50),
  provider: z.string().optional(),
  model: z.string().min(1).max(200).optional(),
  conditions: z.strictObject({
    priority: oneOrMany(z.union([z.string(), z.int()])).optional(),
    labels: oneOrMany(z.string()).optional(),
    retry_count: z
      .union([count, z.strictObject({ gte: count.optional(), lte: count.optional(), eq: count.optional() })])
      .optional(),
    hour_range: z.tuple([z.int().min(0).max(24), z.int().min(0).max(24)]).optional(),
  }),
});

export const olderTables = {
  providers: z.record(z.string(), providerSchema).default({}),
  models: z.array(modelSchema).max(1000).default([]),
  routing: routingSchema.default({ enabled: false, rules: [] }),
};

const olderSchema = z.object(olderTables);
export type OlderTables = z.infer<typeof olderSchema>;

/** Names of the older coordinator for Claude Code, which tac8 supports directly. */
const CLAUDE = ["claude", "claude-cli", "claude-code"];

export function isClaude(provider: string): boolean {
  return CLAUDE.includes(provider);
}

/** Priorities of the older coordinator, as words and as numbers. `low` has no equivalent, because tac8's lowest priority is P2. */
const PRIORITIES: Readonly<Record<string, Priority>> = {
  critical: "P0",
  p0: "P0",
  "0": "P0",
  high: "P1",
  p1: "P1",
  "1": "P1",
  normal: "P2",
  medium: "P2",
  p2: "P2",
  "2": "P2",
};

/** Values of `[llm]`, which apply if a provider does not set them. */
export interface StandardAgent {
  /** Provider as written: `claude`, `command`, or the name of a provider. */
  readonly provider: string;
  readonly model: string;
  readonly command: readonly string[];
  readonly template: readonly string[] | undefined;
}

/** How to start an agent of a provider, or why that is impossible. */
export type Found =
  { readonly agent: Omit<AgentChoice, "model">; readonly apiKey: string | null } | { readonly why: string };

/** Return the program of a provider. `name`: as in `[llm]` or in a rule. */
export function findProvider(name: string, { providers }: OlderTables, standard: StandardAgent): Found {
  const table = Object.hasOwn(providers, name) ? providers[name] : undefined;
  const apiKey = table?.api_key_env ?? null;
  if (table?.enabled === false) return { why: `the provider ${name} is not enabled` };
  if (isClaude(name)) {
    const named = standard.command.join(" ") === "claude" ? claudeOf(table?.command_template) : [];
    const program = named.length > 0 ? named : standard.command;
    return { agent: { provider: "claude", program }, apiKey };
  }
  // In the older coordinator, a provider of any name used the template of [llm], if there was one.
  const own = name === "command" || name === standard.provider ? standard.template : undefined;
  const template = table?.command_template ?? own;
  if (template === undefined) {
    return {
      why: table === undefined ? `[providers.${name}] does not exist` : `[providers.${name}] has no command_template`,
    };
  }
  if (!template.some((word) => word.includes("{prompt_file}"))) {
    return { why: `the command_template of [providers.${name}] has no {prompt_file}` };
  }
  return { agent: { provider: "command", program: template }, apiKey };
}

/** Return the program and the arguments before its flags. tac8 sets the flags itself. */
function claudeOf(template: readonly string[] | undefined): readonly string[] {
  if (template === undefined) return [];
  const flags = template.findIndex((word) => word.startsWith("-"));
  return flags < 0 ? template : template.slice(0, flags);
}

export function pricesOf({ models }: OlderTables): Record<string, ModelPrice> {
  return Object.fromEntries(
    models.map(({ name, cost_per_million_input: input = 0, cost_per_million_output: output = 0 }) => [
      name,
      { input, output },
    ]),
  );
}

export interface FoundRules {
  readonly rules: readonly RoutingRule[];
  /** Variables that the agents of these rules need. */
  readonly apiKeys: readonly string[];
  /** One line for each rule that is not used. */
  readonly ignored: readonly string[];
}

/** Return the rules in the order of their evaluation: the highest `priority` first. */
export function rulesOf(tables: OlderTables, standard: StandardAgent): FoundRules {
  const found: { rule: RoutingRule; rank: number; apiKey: string | null }[] = [];
  const ignored: string[] = [];
  if (!tables.routing.enabled) return { rules: [], apiKeys: [], ignored };
  for (const [index, raw] of tables.routing.rules.entries()) {
    const name = typeof raw["name"] === "string" ? raw["name"] : `rule ${index + 1}`;
    const read = readRule(name, raw, { tables, standard });
    if (typeof read === "string") ignored.push(`[[routing.rules]] ${oneLine(name)} is ignored: ${read}`);
    else found.push(read);
  }
  found.sort((a, b) => b.rank - a.rank);
  return {
    rules: found.map(({ rule }) => rule),
    apiKeys: found.flatMap(({ apiKey }) => (apiKey === null ? [] : [apiKey])),
    ignored,
  };
}

function readRule(
  name: string,
  raw: unknown,
  { tables, standard }: { readonly tables: OlderTables; readonly standard: StandardAgent },
): { rule: RoutingRule; rank: number; apiKey: string | null } | string {
  const parsed = ruleSchema.safeParse(raw);
  if (!parsed.success) {
    return "expected conditions = { … } of priority, labels, retry_count and hour_range, and a model or a provider";
  }
  const { conditions, model = standard.model, priority: rank } = parsed.data;
  if (parsed.data.model === undefined && parsed.data.provider === undefined)
    return "it sets neither a model nor a provider";
  const listed = tables.models.find((entry) => entry.name === model)?.provider;
  const provider = parsed.data.provider ?? listed ?? standard.provider;
  const found = findProvider(provider, tables, standard);
  if ("why" in found) return found.why;
  const wanted = conditions.priority?.map((word) => String(word).toLowerCase());
  const priorities = wanted?.flatMap((word) => PRIORITIES[word] ?? []) ?? null;
  if (priorities?.length === 0) return `tac8 knows no priority ${wanted?.join(", ") ?? ""}`;
  const rule: RoutingRule = {
    name,
    priorities,
    labels: conditions.labels?.map((label) => label.toLowerCase()) ?? null,
    retries: retriesOf(conditions.retry_count),
    hours: conditions.hour_range ?? null,
    agent: { ...found.agent, model },
  };
  return { rule, rank, apiKey: found.apiKey };
}

function retriesOf(
  condition: number | { gte?: number | undefined; lte?: number | undefined; eq?: number | undefined } | undefined,
): RoutingRule["retries"] {
  if (condition === undefined) return null;
  const { gte = 0, lte = Number.MAX_SAFE_INTEGER, eq } = typeof condition === "number" ? { eq: condition } : condition;
  return eq === undefined ? { atLeast: gte, atMost: lte } : { atLeast: Math.max(gte, eq), atMost: Math.min(lte, eq) };
}

function oneLine(name: string): string {
  return clip(name.replaceAll(/\s+/g, " "), 60);
}
