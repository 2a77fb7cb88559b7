import type { Logger } from "@tac8/core/log/logger";
import { findInTexts } from "./findSecrets.ts";
import type { ScannerPool } from "./scanner.ts";

/** Inputs of the search for secrets in an agent's text. */
export interface SecretSearch {
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Remove the secrets that tac8 knows. */
  readonly redact: (text: string) => string;
  /** Secrets that tac8 knows. */
  readonly secrets: readonly string[];
  readonly scanners: ScannerPool;
}

/**
 * Return an agent's text for a separate comment. If it may contain a secret, return a sentence that says so instead. Unlike commits,
 * such a text is not withheld: the issue continues without it.
 * @param name kind of the text, such as "question"
 */
export async function withoutSecrets(run: SecretSearch, name: string, text: string): Promise<string> {
  const { signal, redact, secrets: values, scanners } = run;
  // Known secrets are always removed, so only the other findings decide.
  const answer = await findInTexts({ texts: [{ name, text: redact(text) }], values, scanners, signal });
  const isChecked = "findings" in answer && answer.unchecked === null;
  if (isChecked && answer.findings.length === 0) return text;
  const rules = isChecked ? [...new Set(answer.findings.map(({ rule }) => rule))].join(", ") : "not checked";
  run.log.warn({ rules }, `the agent's ${name} is not shown because it may contain a secret`);
  return `(The agent's ${name} is not shown because it may contain a secret: ${rules}. To see it, run tac8 view.)`;
}
