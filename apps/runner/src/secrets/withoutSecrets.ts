import type { Logger } from "@tac8/core/log/logger";
import { findInTexts } from "./findSecrets.ts";

/** What a search of an agent's words needs. */
export interface SecretSearch {
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Takes the secrets out that tac8 knows. */
  readonly redact: (text: string) => string;
  /** Those. */
  readonly secrets: readonly string[];
}

/**
 * Return an agent's words, such as "question", for a comment of their own; where they may hold a secret, a sentence that says
 * so. They are not withheld as commits are: the issue continues without them.
 */
export async function withoutSecrets(run: SecretSearch, name: string, text: string): Promise<string> {
  const { signal, redact, secrets: values } = run;
  // What is known is taken out in any case, and the rest may be told.
  const answer = await findInTexts({ texts: [{ name, text: redact(text) }], values, signal });
  const isChecked = "findings" in answer && answer.unchecked === null;
  if (isChecked && answer.findings.length === 0) return text;
  const rules = isChecked ? [...new Set(answer.findings.map(({ rule }) => rule))].join(", ") : "not checked";
  run.log.warn({ rules }, `the agent's ${name} is not shown because it may contain a secret`);
  return `(The agent's ${name} is not shown because it may contain a secret: ${rules}. To see it, run tac8 view.)`;
}
