import { z } from "zod";

/** A text that is about to be published, beside the changes of files. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** First line of the scanner's input, as JSON; what git says of the commits follows, as it is. */
export const requestSchema = z.object({
  /** Values that must not be published. */
  known: z.array(z.object({ value: z.string(), isStrong: z.boolean() })),
  texts: z.array(z.object({ name: z.string(), text: z.string() })),
  /** Key of the findings' digests. */
  salt: z.string(),
});
export type ScanRequest = z.infer<typeof requestSchema>;

/** A place that has a secret, and never the secret. */
const findingSchema = z.object({
  /** A file's path, or the name of a text. */
  where: z.string(),
  /** In the commit that adds it, from 1; null: not known. */
  line: z.number().nullable(),
  rule: z.string(),
  /** It is one of tac8's own secrets, so it cannot be meant to be published. */
  isCertain: z.boolean(),
});
export type Finding = z.infer<typeof findingSchema>;

/** More are counted only. Those that are certain come first. */
export const MAX_FINDINGS = 50;
const resultSchema = z.object({
  findings: z.array(findingSchema).max(MAX_FINDINGS),
  /** Of all findings. */
  count: z.number(),
  /** Of all findings, with what was found: another value in the same place has another digest. */
  digest: z.string(),
});
export type Result = z.infer<typeof resultSchema>;

/** Lines of the scanner's output: first what is known is searched for, then patterns, which may take too long. */
export const knownAnswerSchema = z.object({ known: resultSchema });
/** Null: too much text for the patterns. */
export const patternsAnswerSchema = z.object({ patterns: resultSchema.nullable() });
