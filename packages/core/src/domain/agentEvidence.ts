import { z } from "zod";
import { figuresSchema, toFigures, tokensIn, type ModelUsage } from "./usage.ts";

const modelFigures = figuresSchema.extend({ model: z.string() });
/** Tokens and US dollars of one model in one agent's run. */
export type ModelFigures = z.infer<typeof modelFigures>;

const evidenceSchema = z.object({
  run: z.string(),
  /** How it ended: the agent's end cause, such as `exited` or `timeout`. */
  cause: z.string(),
  costUsd: z.number(),
  turns: z.number(),
  /** How long the agent ran. */
  ms: z.number(),
  models: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.array(modelFigures)),
});
export type AgentEvidence = z.infer<typeof evidenceSchema>;

/** Facts of an event `agent:ended`, as the log takes them; from the disk they are not checked. See `AgentEvidence`. */
export type EncodedAgentEvidence = Readonly<Record<string, string | number>>;

export function encodeAgentEvidence(evidence: AgentEvidence): EncodedAgentEvidence {
  return { ...evidence, models: JSON.stringify(evidence.models) };
}

/** @returns null when it is none that can be read. */
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

/** Models that an issue remembers. */
const MAX_MODELS = 10;
const MAX_NAME = 100;

/** The models of earlier runs, and those of one more: the one that wrote most of it comes first. Each once, on one line. */
export function withModels(before: readonly string[], run: readonly ModelFigures[]): string[] {
  const names = run
    .toSorted((a, b) => b.output - a.output || b.costUsd - a.costUsd)
    .map(({ model }) => model.replaceAll(/\s+/g, " ").trim().slice(0, MAX_NAME))
    .filter((name) => name !== "");
  return [...new Set([...before, ...names])].slice(0, MAX_MODELS);
}

/** As an event writes it. Where a CLI names no model, its figures go by the one that was asked for. */
export function modelFiguresOf(model: string, usage: ModelUsage): ModelFigures {
  return { model, ...toFigures(usage) };
}
