import { z } from "zod";
import { toFigures, tokensIn, type ModelUsage } from "./usage.ts";
import { figuresSchema } from "./usageSchemas.ts";

const modelFigures = figuresSchema.extend({ model: z.string() });
/** Tokens and US dollars of one model in one agent's run. */
export type ModelFigures = z.infer<typeof modelFigures>;

const evidenceSchema = z.object({
  run: z.string(),
  /** The cause of its end, such as `exited` or `timeout`. */
  cause: z.string(),
  costUsd: z.number(),
  turns: z.number(),
  /** Duration of the agent run. */
  ms: z.number(),
  models: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.array(modelFigures)),
});
export type AgentEvidence = z.infer<typeof evidenceSchema>;

/** Facts of an event `agent:ended`, in the form of the event log. They are not validated. See `AgentEvidence`. */
export type EncodedAgentEvidence = Readonly<Record<string, string | number>>;

export function encodeAgentEvidence(evidence: AgentEvidence): EncodedAgentEvidence {
  return { ...evidence, models: JSON.stringify(evidence.models) };
}

/** Parse the facts of an event `agent:ended`; null: they are not readable. */
export function parseAgentEvidence(evidence: Readonly<Record<string, string | number | null>>): AgentEvidence | null {
  try {
    return evidenceSchema.safeParse(evidence).data ?? null;
  } catch {
    return null; // Its list of models is not JSON: written by another version.
  }
}

export function tokensOf({ models }: Pick<AgentEvidence, "models">): number {
  return models.reduce((sum, figures) => sum + tokensIn(figures), 0);
}

/** Maximum number of models in the record of an issue. */
const MAX_MODELS = 10;
const MAX_NAME = 100;

/** Add the models of a run to those of earlier runs, without duplicates. In each run, the model with the most output comes first. */
export function withModels(before: readonly string[], run: readonly ModelFigures[]): string[] {
  const names = run
    .toSorted((a, b) => b.output - a.output || b.costUsd - a.costUsd)
    .map(({ model }) => model.replaceAll(/\s+/g, " ").trim().slice(0, MAX_NAME))
    .filter((name) => name !== "");
  return [...new Set([...before, ...names])].slice(0, MAX_MODELS);
}

/** Return the figures of a model for an event. If a CLI reports no model, `model` is the requested one. */
export function modelFiguresOf(model: string, usage: ModelUsage): ModelFigures {
  return { model, ...toFigures(usage) };
}
