import { z } from "zod";

/** A text that is about to be published in addition to the changes of files. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** First line of the scanner's input, as JSON. The unchanged output of git about the commits follows. */
export const requestSchema = z.object({
  /** Values that must not be published. */
  known: z.array(z.object({ value: z.string(), isStrong: z.boolean() })),
  texts: z.array(z.object({ name: z.string(), text: z.string() })),
  /** Key of the findings' digests. */
  salt: z.string(),
});
export type ScanRequest = z.infer<typeof requestSchema>;

/** A place of a secret. It never has the secret itself. */
const findingSchema = z.object({
  /** Path of a file, or name of a text. */
  where: z.string(),
  /** Line number, from 1, in the commit that adds it; null if it is not known. */
  line: z.number().nullable(),
  rule: z.string(),
  /** Whether it is one of tac8's own secrets, which are never published on purpose. */
  isCertain: z.boolean(),
});
export type Finding = z.infer<typeof findingSchema>;

/** Most findings of a result. Further ones are only counted. Certain findings come first. */
export const MAX_FINDINGS = 50;
const resultSchema = z.object({
  findings: z.array(findingSchema).max(MAX_FINDINGS),
  /** Number of all findings. */
  count: z.number(),
  /** Digest of all findings and their values: another value in the same place has another digest. */
  digest: z.string(),
});
export type Result = z.infer<typeof resultSchema>;

/** First line of the scanner's output, with the known values. The second line has the patterns, which may take too long. */
export const knownAnswerSchema = z.object({ known: resultSchema });
/** Second line of the scanner's output. Null if the text is too long for the patterns. */
export const patternsAnswerSchema = z.object({ patterns: resultSchema.nullable() });
