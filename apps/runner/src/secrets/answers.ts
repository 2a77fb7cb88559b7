import { z } from "zod";
import { MAX_FINDINGS, type Finding, type KnownAnswer, type PatternsAnswer, type Result } from "./protocol.ts";

// The runner checks what the scanner answers, because a hostile text may have broken it.

const findingSchema: z.ZodType<Finding> = z.object({
  where: z.string(),
  line: z.number().nullable(),
  rule: z.string(),
  isCertain: z.boolean(),
});

const resultSchema: z.ZodType<Result> = z.object({
  findings: z.array(findingSchema).max(MAX_FINDINGS),
  count: z.number(),
  digest: z.string(),
});

export const knownAnswerSchema: z.ZodType<KnownAnswer> = z.object({ known: resultSchema });
export const patternsAnswerSchema: z.ZodType<PatternsAnswer> = z.object({
  patterns: resultSchema.nullable(),
  memory: z.number(),
});
